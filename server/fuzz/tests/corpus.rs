//! What the search kept on its way, tried again.

use std::path::PathBuf;

use data_encoding::BASE64;

fn again(name: &str, hold: fn(&[u8])) {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("corpus").join(name);
    let lines = std::fs::read_to_string(file).unwrap();
    let mut tried = 0;
    for line in lines.lines() {
        hold(&BASE64.decode(line.as_bytes()).unwrap());
        tried += 1;
    }
    assert!(tried > 20, "{tried} inputs are no corpus");
}

#[test]
fn r10_mails_can_be_read() {
    again("mail", fuzz::mail);
}

#[test]
fn r10_answers_carry_threads_on() {
    again("thread", fuzz::thread);
}

#[test]
fn r10_folding_loses_nothing() {
    again("fold", fuzz::fold);
}

#[test]
fn r10_answers_go_to_whoever_took_part() {
    again("recipients", fuzz::recipients);
}
