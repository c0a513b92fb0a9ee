//! What files of results are written to: is nothing but a regular file ever replaced?

use std::fs;
use std::os::unix::fs::{FileTypeExt, symlink};
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use super::{SCENARIO, command, shortfall, stderr, stdout, text_of};

/// A run that writes its summary to a file.
fn run_to(flag: &str, path: &Path) -> Vec<String> {
    let args = ["run", SCENARIO, "--paths", "50", "--backend", "cpu", "--fail-on", "max > 1e15"];
    args.map(str::to_owned).into_iter().chain([flag.to_owned(), text_of(path)]).collect()
}

fn refs(args: &[String]) -> Vec<&str> {
    args.iter().map(String::as_str).collect()
}

fn write_to(flag: &str, path: &Path) {
    let output = shortfall(&refs(&run_to(flag, path)));
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
}

const FLAGS: [&str; 3] = ["--junit", "--markdown", "--metrics"];

#[test]
fn a_link_is_written_through_and_stays() {
    let dir = TempDir::new().expect("a temporary folder");
    let [link, second, folder] = ["link", "second", "folder"].map(|it| dir.path().join(it));
    fs::create_dir(&folder).expect("a folder");
    symlink("second", &link).expect("a link");
    symlink("folder/real", &second).expect("a link");
    for flag in FLAGS {
        // First of a file that is not there, then of one that is.
        for _ in 0..2 {
            write_to(flag, &link);
            assert!(link.is_symlink() && second.is_symlink(), "{flag}");
            let written = fs::read_to_string(folder.join("real")).expect("the real file");
            assert!(written.len() > 100, "{flag}: {written}");
            assert_eq!(fs::read_dir(&folder).expect("a folder").count(), 1, "{flag}");
            assert_eq!(fs::read_dir(dir.path()).expect("a folder").count(), 3, "{flag}");
        }
        fs::remove_file(folder.join("real")).expect("a file");
    }
    let round = dir.path().join("round");
    symlink("round", &round).expect("a link");
    let output = shortfall(&refs(&run_to("--junit", &round)));
    assert_eq!(output.status.code(), Some(74), "{}", stderr(&output));
}

#[test]
fn a_pipe_is_written_into_and_stays() {
    let dir = TempDir::new().expect("a temporary folder");
    let pipe = dir.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().expect("mkfifo starts").success());
    for flag in FLAGS {
        let reader = std::thread::spawn({
            let pipe = pipe.clone();
            move || fs::read_to_string(pipe).expect("a pipe")
        });
        write_to(flag, &pipe);
        // One that was replaced would be read forever.
        let kind = fs::symlink_metadata(&pipe).expect("it is there").file_type();
        assert!(kind.is_fifo(), "{flag}: {kind:?}");
        assert!(reader.join().expect("no panic").len() > 100, "{flag}");
        assert_eq!(fs::read_dir(dir.path()).expect("a folder").count(), 1, "{flag}");
    }
}

/// A device of our own that is always full; only root can make one.
#[test]
#[cfg(target_os = "linux")]
fn a_device_is_written_into_and_stays() {
    let dir = TempDir::new().expect("a temporary folder");
    let full = dir.path().join("full");
    let mut made = Command::new("mknod");
    made.arg(&full).args(["c", "1", "7"]).stderr(std::process::Stdio::null());
    if !made.status().is_ok_and(|it| it.success()) || fs::write(&full, "x").is_ok() {
        eprintln!("no device can be made here: pipes have to do");
        return;
    }
    if fs::OpenOptions::new().append(true).open(&full).is_err() {
        eprintln!("no device can be opened here: pipes have to do");
        return;
    }
    for flag in FLAGS {
        let output = shortfall(&refs(&run_to(flag, &full)));
        let told = stderr(&output);
        // No run ends for want of its metrics.
        let expected = if flag == "--metrics" { 0 } else { 74 };
        assert_eq!(output.status.code(), Some(expected), "{flag}: {told}");
        assert!(told.contains("No space left on device"), "{flag}: {told}");
        let kind = fs::symlink_metadata(&full).expect("it is there").file_type();
        assert!(kind.is_char_device(), "{flag}: {kind:?}");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn what_is_named_by_an_open_file_is_written_into() {
    let dir = TempDir::new().expect("a temporary folder");
    let args = run_to("--markdown", Path::new("/dev/stderr"));
    let output = shortfall(&refs(&args));
    assert!(stderr(&output).contains("## everything: bad debt"), "{}", stderr(&output));
    let path = dir.path().join("stderr");
    let file = fs::File::create(&path).expect("a file");
    let mut quiet = command(&refs(&args));
    let status = quiet
        .arg("--quiet")
        .stdout(std::process::Stdio::null())
        .stderr(file)
        .status()
        .expect("it starts");
    assert_eq!(status.code(), Some(0));
    let written = fs::read_to_string(&path).expect("a file");
    assert!(written.contains("## everything: bad debt"), "{written}");
    assert_eq!(fs::read_dir(dir.path()).expect("a folder").count(), 1);
    assert!(stdout(&output).len() > 100);
}
