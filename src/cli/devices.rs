//! `shortfall devices`: which adapters there are, what `auto` would take, and whether they compute.

use clap::Args;

use super::asked::FormatName;
use super::error::CliError;

#[derive(Debug, Args)]
pub(super) struct DevicesArgs {
    /// How the list is written to stdout
    #[arg(long, value_enum, default_value = "text")]
    format: FormatName,
}

#[cfg(not(feature = "gpu"))]
pub(super) fn main(_: &DevicesArgs) -> Result<(), CliError> {
    Err(shortfall::engine::EngineError::NoDevice.into())
}

#[cfg(feature = "gpu")]
pub(super) fn main(args: &DevicesArgs) -> Result<(), CliError> {
    let listed = list::devices()?;
    super::output::to_stdout(|out| match args.format {
        FormatName::Json => {
            serde_json::to_writer_pretty(&mut *out, &listed)?;
            writeln!(out)
        }
        FormatName::Text => list::write(&listed, out),
    })
}

#[cfg(feature = "gpu")]
mod list {
    use std::io::{self, Write};
    use std::time::Instant;

    use serde::Serialize;

    use shortfall::engine::gpu::adapter::{Candidate, candidates};
    use shortfall::engine::gpu::self_test::self_test;
    use shortfall::program::Program;
    use shortfall::scenario::Scenario;

    use crate::cli::error::CliError;

    /// An adapter as a person chooses it.
    #[derive(Debug, Serialize)]
    pub(super) struct Listed {
        index: usize,
        name: String,
        backend: String,
        kind: String,
        driver: String,
        has_int64: bool,
        workgroup_bytes: u32,
        storage_binding_bytes: u64,
        /// Whether `--backend auto` takes this one.
        is_auto: bool,
        /// Why the known answers did not come back; none if they did.
        fault: Option<String>,
        self_test_seconds: f64,
    }

    pub(super) fn devices() -> Result<Vec<Listed>, CliError> {
        let program = shortfall::engine::compile(&Scenario::smallest())
            .map_err(|source| CliError::Compile { scenario: "the self-test".to_owned(), source })?;
        let candidates = candidates();
        let auto = candidates.iter().position(|candidate| !candidate.is_software());
        let listed = candidates.iter().enumerate();
        Ok(listed.map(|(index, it)| listed_one(it, index, auto == Some(index), &program)).collect())
    }

    fn listed_one(it: &Candidate, index: usize, is_auto: bool, program: &Program) -> Listed {
        let limits = it.adapter.limits();
        let begun = Instant::now();
        let fault = self_test(it, program).err().map(|error| error.to_string());
        Listed {
            index,
            name: it.info.name.clone(),
            backend: it.info.backend.to_string(),
            kind: format!("{:?}", it.info.device_type),
            driver: format!("{} {}", it.info.driver, it.info.driver_info),
            has_int64: it.has_int64(),
            workgroup_bytes: limits.max_compute_workgroup_storage_size,
            storage_binding_bytes: limits.max_storage_buffer_binding_size,
            is_auto,
            fault,
            self_test_seconds: begun.elapsed().as_secs_f64(),
        }
    }

    pub(super) fn write(listed: &[Listed], out: &mut dyn Write) -> io::Result<()> {
        for it in listed {
            let auto = if it.is_auto { ", taken by --backend auto" } else { "" };
            let words = if it.has_int64 { "native" } else { "emulated" };
            writeln!(out, "{}  {} ({}, {}){auto}", it.index, it.name, it.backend, it.kind)?;
            writeln!(out, "   driver      {}", it.driver)?;
            writeln!(
                out,
                "   limits      64-bit integers {words}, {} KiB a workgroup, {} MiB a buffer",
                it.workgroup_bytes >> 10,
                it.storage_binding_bytes >> 20,
            )?;
            let found = it.fault.as_deref().unwrap_or("the known answers");
            writeln!(out, "   self-test   {found} in {:.2} s", it.self_test_seconds)?;
        }
        if !listed.iter().any(|it| it.is_auto) {
            writeln!(out, "There is no hardware GPU: --backend auto takes the CPU.")?;
        }
        Ok(())
    }
}
