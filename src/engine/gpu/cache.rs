//! Compiled pipelines kept between runs, in the driver's own format, sealed by BLAKE3.
//!
//! A cache that is not there, not whole or not the driver's is as good as none; so is one that
//! cannot be written.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

/// Bytes of the seal before the driver's data.
const SEAL_BYTES: usize = blake3::OUT_LEN;

/// The pipelines of one kind of device.
pub(super) struct Cache {
    cache: wgpu::PipelineCache,
    path: PathBuf,
}

impl Cache {
    /// Reads the cache of a device from a folder.
    pub(super) fn open(
        device: &wgpu::Device,
        info: &wgpu::AdapterInfo,
        folder: &Path,
    ) -> Option<Self> {
        if !device.features().contains(wgpu::Features::PIPELINE_CACHE) {
            return None;
        }
        let path = folder.join(wgpu::util::pipeline_cache_key(info)?);
        let kept = fs::read(&path).ok().and_then(unsealed);
        Some(Self { cache: create(device, kept.as_deref()), path })
    }

    /// What pipelines are compiled with.
    pub(super) fn pipelines(&self) -> &wgpu::PipelineCache {
        &self.cache
    }

    /// Writes the cache aside and renames it.
    pub(super) fn save(&self) {
        let (Some(data), Some(folder)) = (self.cache.get_data(), self.path.parent()) else {
            return;
        };
        let sealed = [blake3::hash(&data).as_bytes(), data.as_slice()].concat();
        let aside = self.path.with_extension(format!("{}.partial", std::process::id()));
        let written = fs::create_dir_all(folder)
            // A new file: whatever has that name already is left.
            .and_then(|()| File::create_new(&aside))
            .and_then(|mut file| file.write_all(&sealed))
            .and_then(|()| fs::rename(&aside, &self.path));
        if written.is_err() {
            // Nothing depends on it: the next run compiles again.
            let _ = fs::remove_file(&aside);
        }
    }
}

/// The data behind a seal that it matches.
fn unsealed(file: Vec<u8>) -> Option<Vec<u8>> {
    let (seal, data) = file.split_at_checked(SEAL_BYTES)?;
    (blake3::hash(data).as_bytes() == seal).then(|| data.to_vec())
}

#[allow(unsafe_code, reason = "the driver is only given what it wrote itself")]
fn create(device: &wgpu::Device, data: Option<&[u8]>) -> wgpu::PipelineCache {
    let descriptor = wgpu::PipelineCacheDescriptor { label: None, data, fallback: true };
    // SAFETY: the data came from `get_data` of a cache under this device's key, and its seal holds;
    // the driver checks its own version.
    unsafe { device.create_pipeline_cache(&descriptor) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cache_is_used_only_under_its_seal() {
        let data = b"pipelines".to_vec();
        let mut file = [blake3::hash(&data).as_bytes(), data.as_slice()].concat();
        assert_eq!(unsealed(file.clone()), Some(data));
        file[40] ^= 1;
        assert_eq!(unsealed(file), None);
        assert_eq!(unsealed(vec![0; 31]), None);
    }
}
