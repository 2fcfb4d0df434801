//! What is made of a server's answers, by a server that says what the test wants.

use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, DuplexStream},
    task::JoinHandle,
};

use async_imap::Client;

use super::*;

/// Signs in to a server that answers one command after another as the script has it, and then hangs up. `TAG` stands for the command's tag.
/// Its task gives back what it was asked.
async fn mailbox(script: &[&str]) -> (Imap<DuplexStream>, JoinHandle<Vec<String>>) {
    let (ours, theirs) = tokio::io::duplex(64 * 1024);
    let script: Vec<String> = script.iter().map(|answer| (*answer).to_owned()).collect();
    let server = tokio::spawn(async move {
        let (reading, mut writing) = tokio::io::split(theirs);
        let mut lines = BufReader::new(reading).lines();
        let line = lines.next_line().await.unwrap().unwrap();
        writing.write_all(format!("{} OK hello\r\n", line.split(' ').next().unwrap()).as_bytes()).await.unwrap();
        let mut asked = Vec::new();
        for answer in script {
            let Some(line) = lines.next_line().await.unwrap() else { break };
            let (tag, command) = line.split_once(' ').unwrap();
            writing.write_all(answer.replace("TAG", tag).as_bytes()).await.unwrap();
            asked.push(command.to_owned());
        }
        asked
    });
    let session = Client::new(ours).login("anna", "secret").await.unwrap();
    (Imap { session, server: "imap.x.example".to_owned(), idle: false, told: false }, server)
}

/// A mail fetched in pieces.
async fn pieces(imap: &mut Imap<DuplexStream>, size: u64) -> std::io::Result<Vec<u8>> {
    let pieces: Vec<Bytes> = imap.pieces(7, size).try_collect().await?;
    Ok(pieces.iter().flatten().copied().collect())
}

#[test]
fn days_are_written_as_imap_has_them() {
    assert_eq!(day(Timestamp(1_793_610_000_000)), "1-Nov-2026");
    assert_eq!(list(&[3, 7]), "3,7");
}

#[test]
fn a_refusal_is_told_in_the_servers_words() {
    let said = "code: Some(AuthenticationFailed), information: Some(\"Authentication failed.\")";
    assert_eq!(plain_words(said), "Authentication failed");
    assert_eq!(plain_words("two\r\nlines"), "two lines");
}

#[test]
fn s16_a_folders_name_ends_no_string_and_no_line() {
    assert_eq!(quoted("a \"b\" \\c").unwrap(), "\"a \\\"b\\\" \\\\c\"");
    assert!(quoted("a\r\nA2 LOGOUT").is_none());
}

/// STARTTLS asked of port 993, where a server waits for TLS as long as we do.
#[tokio::test]
async fn h9_a_port_that_waits_for_tls_is_told_from_one_that_is_slow() {
    let (ours, _silent) = tokio::io::duplex(1024);
    let silent = open::start_tls(ours, "imap.x.example", Duration::from_millis(50)).await;
    assert!(matches!(silent, Err(MailError::NoStartTls(ref server)) if server == "imap.x.example"), "{silent:?}");

    let (ours, theirs) = tokio::io::duplex(1024);
    let server = async {
        let (reading, mut writing) = tokio::io::split(theirs);
        writing.write_all(b"* OK at last\r\n").await.unwrap();
        let asked = BufReader::new(reading).lines().next_line().await.unwrap().unwrap();
        let (tag, command) = asked.split_once(' ').unwrap();
        writing.write_all(format!("{tag} OK begin\r\n").as_bytes()).await.unwrap();
        command.to_owned()
    };
    let (begun, asked) = tokio::join!(open::start_tls(ours, "imap.x.example", Duration::from_secs(60)), server);
    assert!(begun.is_ok() && asked == "STARTTLS", "{begun:?} {asked}");
}

#[tokio::test]
async fn h1_a_refusal_is_not_an_empty_mailbox() {
    let no = "TAG NO [LIMIT] Too many at once.\r\n";
    let (mut imap, _server) = mailbox(&[no, no, "TAG BAD What?\r\n", no, no]).await;
    let error = imap.mails(&[7]).await.unwrap_err().to_string();
    assert_eq!(error, "imap.x.example refuses FETCH: [LIMIT] Too many at once.");
    assert!(imap.behind(0).await.is_err());
    assert!(imap.numbers(None).await.is_err());
    assert!(imap.named("1@x.example", 0).await.is_err());
    assert!(imap.wait(Duration::ZERO).await.is_err(), "NOOP");
}

#[tokio::test]
async fn h1_what_a_refusal_follows_is_not_everything() {
    let some = "* 1 FETCH (UID 7 BODY[] {5}\r\nHello)\r\nTAG NO [LIMIT] enough\r\n";
    let (mut imap, _server) = mailbox(&[some]).await;
    assert!(imap.mails(&[7, 8]).await.is_err());
}

#[tokio::test]
async fn r8_an_answer_that_breaks_off_is_not_everything() {
    let some = "* 1 FETCH (UID 7 BODY[] {5}\r\nHello)\r\n";
    let leaving = format!("{some}* BYE Back in an hour\r\n");
    let (mut imap, _server) = mailbox(&[leaving.as_str()]).await;
    let error = imap.mails(&[7, 8]).await.unwrap_err().to_string();
    assert_eq!(error, "The connection to imap.x.example ended: Back in an hour.");
    let (mut imap, _server) = mailbox(&[some]).await;
    let error = imap.mails(&[7, 8]).await.unwrap_err().to_string();
    assert_eq!(error, "The connection to imap.x.example ended: it hung up.");
    let (mut imap, _server) = mailbox(&["* SEARCH 1 2 3\r\n"]).await;
    assert!(imap.numbers(None).await.is_err());
}

#[tokio::test]
async fn h1_mails_that_are_gone_meanwhile_are_missed_by_nobody() {
    let some = "* 1 EXPUNGE\r\n* 1 FETCH (UID 8 BODY[] {5}\r\nHello)\r\nTAG OK done\r\n";
    let (mut imap, _server) = mailbox(&[some]).await;
    assert_eq!(imap.mails(&[7, 8]).await.unwrap(), [(8, Bytes::from("Hello"))]);
}

#[tokio::test]
async fn h1_what_was_not_asked_for_is_no_answer() {
    let answer = "* 9 EXISTS\r\n* 2 FETCH (UID 8 FLAGS (\\Seen))\r\n* 3 EXPUNGE\r\n\
                  * 1 FETCH (UID 7 RFC822.SIZE 5 INTERNALDATE \" 7-Feb-2026 21:52:25 +0100\")\r\n\
                  * 1 FETCH (UID 7 FLAGS (\\Seen))\r\nTAG OK done\r\n";
    let (mut imap, _server) = mailbox(&[answer]).await;
    let lying = Lying { uid: 7, size: 5, at: Some(Timestamp(1_770_497_545_000)) };
    assert_eq!(imap.behind(6).await.unwrap(), [lying]);
    assert!(imap.told, "nor is it forgotten that something came");
    assert!(imap.was_told() && !imap.was_told());
}

#[tokio::test]
async fn h1_all_of_a_mail_comes_whatever_size_was_said() {
    for end in ["\"\"", "NIL", "{0}\r\n"] {
        let last = format!("* 1 FETCH (UID 7 BODY[]<11> {end})\r\nTAG OK done\r\n");
        let script = [
            "* 1 FETCH (UID 7 BODY[]<0> {5}\r\nHello)\r\nTAG OK done\r\n",
            "* 1 FETCH (UID 7 FLAGS ())\r\n* 1 FETCH (UID 7 BODY[]<5> {6}\r\n world)\r\nTAG OK done\r\n",
            last.as_str(),
        ];
        for size in [3, 11, 4000] {
            let (mut imap, server) = mailbox(&script).await;
            assert_eq!(pieces(&mut imap, size).await.unwrap(), b"Hello world", "{end} {size}");
            let asked = server.await.unwrap();
            assert_eq!(asked[1], "UID FETCH 7 (UID BODY.PEEK[]<5.524288>)");
        }
    }
}

#[tokio::test]
async fn r8_a_mail_that_breaks_off_half_way_is_not_whole() {
    let first = "* 1 FETCH (UID 7 BODY[]<0> {5}\r\nHello)\r\nTAG OK done\r\n";
    let other = "* 1 FETCH (UID 8 BODY[]<5> {1}\r\nx)\r\nTAG OK done\r\n";
    let gone = "* 1 EXPUNGE\r\nTAG OK [EXPUNGEISSUED] gone\r\n";
    let torn = "* 1 FETCH (UID 7 BODY[]<5> {9}\r\n w";
    for second in ["TAG NO [LIMIT] enough\r\n", "* BYE enough\r\n", "", torn] {
        let (mut imap, _server) = mailbox(&[first, second]).await;
        assert!(pieces(&mut imap, 11).await.is_err(), "{second:?}");
    }
    let whole = format!("* 1 FETCH (UID 7 BODY[]<0> {{{PIECE}}}\r\n{})\r\nTAG OK done\r\n", "x".repeat(PIECE as usize));
    for second in [gone, other] {
        let (mut imap, _server) = mailbox(&[whole.as_str(), second]).await;
        assert!(pieces(&mut imap, 11).await.is_err(), "{second:?}");
    }
    // It gave less than it was asked for: that was all.
    let (mut imap, _server) = mailbox(&[first, "TAG OK done\r\n"]).await;
    assert_eq!(pieces(&mut imap, 11).await.unwrap(), b"Hello");
    // Gone before anything of it was had: nobody can miss it here.
    let (mut imap, _server) = mailbox(&[gone]).await;
    assert!(pieces(&mut imap, 11).await.unwrap().is_empty());
}

#[tokio::test]
async fn r9_a_mail_that_is_withheld_is_passed_over() {
    let no = "TAG NO [SERVERBUG] Internal error\r\n";
    let one = "* 1 FETCH (UID 8 BODY[] {5}\r\nHello)\r\nTAG OK done\r\n";
    let (mut imap, _server) = mailbox(&[no, no, one]).await;
    assert_eq!(imap.each_given(&[7, 8], false).await.unwrap(), [(8, Bytes::from("Hello"))]);
    // All of them: it may be the server, and not the mails. After a while it makes no difference.
    let (mut imap, _server) = mailbox(&[no; 3]).await;
    assert!(matches!(imap.each_given(&[7, 8], false).await, Err(MailError::Withheld { .. })));
    let (mut imap, _server) = mailbox(&[no; 3]).await;
    assert!(imap.each_given(&[7, 8], true).await.unwrap().is_empty());
    let (mut imap, _server) = mailbox(&[no, no, "* BYE enough\r\n"]).await;
    assert!(matches!(imap.each_given(&[7, 8], true).await, Err(MailError::Lost { .. })));
}

#[tokio::test]
async fn s40_a_mail_without_an_end_is_given_up() {
    let bytes = "x".repeat(PIECE as usize);
    let answer = format!("* 1 FETCH (UID 7 BODY[] {{{PIECE}}}\r\n{bytes})\r\nTAG OK done\r\n");
    let (mut imap, server) = mailbox(&[answer.as_str(); 9]).await;
    assert!(pieces(&mut imap, u64::from(PIECE)).await.is_err());
    drop(imap);
    assert_eq!(server.await.unwrap().len(), 5, "twice what was said and a little more");
}

#[tokio::test]
async fn h1_a_server_that_knows_no_pieces_gives_the_mail_once() {
    let bytes = "x".repeat(PIECE as usize + 1);
    let answer = format!("* 1 FETCH (UID 7 BODY[] {{{}}}\r\n{bytes})\r\nTAG OK done\r\n", bytes.len());
    let (mut imap, _server) = mailbox(&[answer.as_str(); 2]).await;
    assert_eq!(pieces(&mut imap, 1).await.unwrap(), bytes.as_bytes());
}

#[tokio::test]
async fn h1_a_folder_without_a_next_number() {
    let opened = "* 3 EXISTS\r\n* OK [UIDVALIDITY 5] valid\r\nTAG OK [READ-ONLY] opened\r\n";
    let status = "* STATUS INBOX (UIDNEXT 12)\r\nTAG OK done\r\n";
    let found = "* SEARCH 4 9 2\r\nTAG OK done\r\n";
    let ways: [(&[&str], i64); 5] = [
        (&["* OK [UIDVALIDITY 5] valid\r\n* OK [UIDNEXT 8] next\r\nTAG OK opened\r\n"], 8),
        (&[opened, status], 12),
        (&[opened, "TAG BAD What?\r\n", found], 10),
        (&[opened, "TAG OK done\r\n", found], 10),
        (&[opened, "TAG NO not here\r\n", "* SEARCH\r\nTAG OK done\r\n"], 1),
    ];
    for (script, uid_next) in ways {
        let (mut imap, _server) = mailbox(script).await;
        assert_eq!(imap.examine("INBOX").await.unwrap(), Opened { uid_validity: 5, uid_next }, "{script:?}");
    }
}

#[tokio::test]
async fn r8_a_folder_that_is_not_opened_to_the_end_is_not_opened() {
    let (mut imap, _server) = mailbox(&["* 3 EXISTS\r\n"]).await;
    assert!(matches!(imap.examine("INBOX").await, Err(MailError::Lost { .. })));
    let (mut imap, _server) = mailbox(&["TAG NO There is none.\r\n"]).await;
    let error = imap.examine("Letters").await.unwrap_err().to_string();
    assert_eq!(error, "The folder Letters cannot be opened: There is none.");
}

#[tokio::test]
async fn r8_of_a_renumbered_mailbox_only_what_is_ours_is_looked_at() {
    let found = "* SEARCH 3 7\r\nTAG OK done\r\n";
    let (mut imap, server) = mailbox(&[found, "* 1 FETCH (UID 7 RFC822.SIZE 5)\r\nTAG OK done\r\n"]).await;
    let lying = imap.behind_since(3, Timestamp(1_793_610_000_000)).await.unwrap();
    assert_eq!(lying, [Lying { uid: 7, size: 5, at: None }]);
    let asked = server.await.unwrap();
    assert_eq!(asked, ["UID SEARCH UID 4:* SINCE 1-Nov-2026", "UID FETCH 7 (UID RFC822.SIZE INTERNALDATE)"]);
}
