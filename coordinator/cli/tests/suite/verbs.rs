//! The whole command, as a process, against a coordinator's door over real TLS.

use crate::desk::Conduct;
use crate::region::Region;

const RUN: &str = "0123456789abcdef0123456789abcdef";

/// Runs `tallyward` with `line` and expects the code, and these parts on standard output and standard error.
async fn check(region: &Region, line: &str, code: i32, out: &[&str], err: &[&str]) {
    let ended = region.tallyward(&line.split(' ').collect::<Vec<_>>()).await;
    assert_eq!(ended.code, code, "{line}: {ended:?}");
    for part in out {
        assert!(ended.out.contains(part), "{line}: no `{part}` on standard output: {}", ended.out);
    }
    for part in err {
        assert!(ended.err.contains(part), "{line}: no `{part}` on standard error: {}", ended.err);
    }
    if out.is_empty() {
        assert_eq!(ended.out, "", "{line}: standard output is for data alone");
    }
    if err.is_empty() {
        assert_eq!(ended.err, "", "{line}");
    }
}

#[tokio::test]
async fn every_verb() {
    let region = Region::start(Conduct::Answers).await;
    let header = "run,revision,group,month,dimension.unit,measure";
    check(&region, "templates", 0, &["id,version,title,runs_at\nstroke,1,"], &[]).await;
    check(&region, "templates --format json", 0, &["\"templates\": ["], &[]).await;
    check(&region, "templates show stroke", 0, &["id = \"stroke\"\n"], &["approved by lead of RA1"]).await;
    check(&region, "templates show stroke --quiet", 0, &["id = \"stroke\"\n"], &[]).await;
    check(&region, "templates show fall", 2, &[], &["`tallyward templates` lists them"]).await;
    check(
        &region,
        "run stroke --purpose planning",
        5,
        &[header],
        &["9 of 9 sites: 4 released", "no figures from Hayes"],
    )
    .await;
    check(&region, "run stroke --purpose planning --quiet --format json", 5, &["\"revision\": 2"], &[]).await;
    check(&region, "run stroke --purpose planning --format table -q", 5, &["1,180 to 1,310"], &[]).await;
    check(&region, "run stroke --purpose planning --no-wait", 0, &[RUN], &[]).await;
    check(&region, "run stroke --purpose planning --explain", 0, &["nothing was asked"], &[]).await;
    check(&region, "run stroke --purpose planning --explain --format csv", 2, &[], &["--explain"]).await;
    check(&region, "run fall --purpose planning", 2, &[], &["there is no template `fall`"]).await;
    check(&region, "run barred --purpose planning", 3, &[], &["you may not ask"]).await;
    check(&region, "run --help", 0, &["  6    the coordinator cannot be reached", "  130  interrupted"], &[]).await;
    check(&region, "run stroke", 2, &[], &["--purpose"]).await;
    check(&region, "runs", 0, &["run,asked_at,template", RUN], &[]).await;
    check(&region, &format!("result {RUN} -q"), 5, &[header], &[]).await;
    check(&region, "result 00000000000000000000000000000000", 2, &[], &["no such run"]).await;
}

#[tokio::test]
async fn a_file_is_written_whole_and_a_bad_place_spends_no_question() {
    let region = Region::start(Conduct::Answers).await;
    let file = region.folder().join("answer.parquet");
    let line = format!("run stroke --purpose planning --format parquet --output {}", file.display());
    check(&region, &line, 5, &[], &["wrote "]).await;
    assert!(std::fs::read(&file).unwrap().starts_with(b"PAR1"));

    let asked = region.asked();
    let line = format!("run stroke --purpose planning --output {}", region.folder().join("none/a.csv").display());
    check(&region, &line, 2, &[], &["see that its folder exists"]).await;
    assert_eq!(region.asked(), asked);
}

#[tokio::test]
async fn a_lost_coordinator_is_called_again() {
    let region = Region::start(Conduct::BreaksOnce).await;
    check(&region, "run stroke --purpose planning -q", 5, &["1180"], &[]).await;
    assert_eq!(region.asked(), 1, "the question is asked once");
}

#[tokio::test]
async fn who_cannot_connect_is_told_what_to_see_to() {
    let region = Region::start(Conduct::Answers).await;
    for (line, code, told) in [
        ("templates --settings none.toml", 2, "none.toml"),
        ("templates --settings nobody.toml", 6, "see that it runs there"),
        ("templates --settings foreign.toml", 6, "your certificate is of its region"),
        ("templates --settings expired.toml", 6, "have a new one issued"),
        ("templates --settings unkeyed.toml", 6, "see that the file exists"),
    ] {
        check(&region, line, code, &[], &[told]).await;
    }
}
