//! How the client handles a server's answers. The server is a script of the test.
// long file: they share their servers

use bytes::Bytes;
use futures::TryStreamExt;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, DuplexStream},
    task::JoinHandle,
};

use super::{mails::PIECE, *};

/// A signed-in connection to a server that answers one command after another by a script, and then hangs up. `TAG` stands for the command's
/// tag. Its task returns the commands it received.
async fn mailbox(script: &[&str]) -> (Imap<DuplexStream>, JoinHandle<Vec<String>>) {
    let (ours, theirs) = tokio::io::duplex(64 * 1024);
    let script: Vec<String> = script.iter().map(|answer| (*answer).to_owned()).collect();
    let server = tokio::spawn(async move {
        let (reading, mut writing) = tokio::io::split(theirs);
        let mut lines = BufReader::new(reading).lines();
        let mut asked = Vec::new();
        for answer in script {
            let Some(line) = lines.next_line().await.unwrap() else { break };
            let (tag, command) = line.split_once(' ').unwrap();
            asked.push(command.to_owned());
            // A client that had enough may be gone before the end.
            if writing.write_all(answer.replace("TAG", tag).as_bytes()).await.is_err() {
                break;
            }
        }
        asked
    });
    (Imap::over(Talk::over(ours), "imap.x.example"), server)
}

fn lying(uids: &[i64], size: u64) -> Vec<MailOnServer> {
    uids.iter().map(|uid| MailOnServer { uid: *uid, size, at: None }).collect()
}

/// Fetches mails that the server announced with five bytes each.
async fn mails(imap: &mut Imap<DuplexStream>, uids: &[i64]) -> Result<Vec<(i64, Bytes)>, MailError> {
    let given = imap.given(&lying(uids, 5), true).await?;
    given.cut.map_or(Ok(given.mails), Err)
}

/// Fetches a mail in pieces.
async fn pieces(imap: &mut Imap<DuplexStream>, size: u64) -> std::io::Result<Vec<u8>> {
    let pieces: Vec<Bytes> = imap.pieces(MailOnServer { uid: 7, size, at: None }).try_collect().await?;
    Ok(pieces.iter().flatten().copied().collect())
}

#[test]
fn days_are_written_as_imap_has_them() {
    assert_eq!(day(Timestamp(1_793_610_000_000)), "1-Nov-2026");
    for at in [i64::MIN, -84_600_000_000_000, 0] {
        assert_eq!(day(Timestamp(at)), "1-Jan-1970", "{at}");
    }
    assert_eq!(day(Timestamp(i64::MAX)), "1-Jan-9999");
    assert_eq!(list(&[3, 7]), "3,7");
}

/// STARTTLS on port 993, where the server waits for TLS as long as the client waits for a greeting.
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
    let (mut imap, _server) = mailbox(&[no, no, no, "TAG BAD What?\r\n", no, no]).await;
    let error = imap.given(&lying(&[7], 5), false).await.unwrap_err().to_string();
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
    assert!(mails(&mut imap, &[7, 8]).await.is_err());
}

#[tokio::test]
async fn r8_an_answer_that_breaks_off_is_not_everything() {
    let some = "* 1 FETCH (UID 7 BODY[] {5}\r\nHello)\r\n";
    let leaving = format!("{some}* BYE Back in an hour\r\n");
    let (mut imap, _server) = mailbox(&[leaving.as_str()]).await;
    let error = mails(&mut imap, &[7, 8]).await.unwrap_err().to_string();
    assert_eq!(error, "The connection to imap.x.example ended: Back in an hour.");
    let (mut imap, _server) = mailbox(&[some]).await;
    let error = mails(&mut imap, &[7, 8]).await.unwrap_err().to_string();
    assert_eq!(error, "The connection to imap.x.example ended: it hung up.");
    let (mut imap, _server) = mailbox(&["* SEARCH 1 2 3\r\n"]).await;
    assert!(imap.numbers(None).await.is_err());
}

#[tokio::test]
async fn h1_mails_that_are_gone_meanwhile_are_missed_by_nobody() {
    let some = "* 1 EXPUNGE\r\n* 1 FETCH (UID 8 BODY[] {5}\r\nHello)\r\nTAG OK done\r\n";
    let (mut imap, _server) = mailbox(&[some, "* SEARCH 8\r\nTAG OK done\r\n"]).await;
    let given = imap.given(&lying(&[7, 8], 5), true).await.unwrap();
    assert_eq!(given.mails, [(8, Bytes::from("Hello"))]);
    assert!(given.withheld.is_empty() && given.cut.is_none(), "{given:?}");
}

#[tokio::test]
async fn h1_what_was_not_asked_for_is_no_answer() {
    let answer = "* 9 EXISTS\r\n* 2 FETCH (UID 8 FLAGS (\\Seen))\r\n* 3 EXPUNGE\r\n\
                  * 1 FETCH (UID 7 RFC822.SIZE 5 INTERNALDATE \" 7-Feb-2026 21:52:25 +0100\")\r\n\
                  * 1 FETCH (UID 7 FLAGS (\\Seen))\r\nTAG OK done\r\n";
    let (mut imap, _server) = mailbox(&[answer, "* SEARCH 7\r\nTAG OK done\r\n"]).await;
    let lying = MailOnServer { uid: 7, size: 5, at: Some(Timestamp(1_770_497_545_000)) };
    assert_eq!(imap.behind(6).await.unwrap(), [lying]);
    assert!(imap.told, "nor is it forgotten that something came");
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
    for second in ["* BYE enough\r\n", "", torn] {
        let (mut imap, _server) = mailbox(&[first, second]).await;
        assert!(pieces(&mut imap, 11).await.is_err(), "{second:?}");
    }
    let whole = format!("* 1 FETCH (UID 7 BODY[]<0> {{{PIECE}}}\r\n{})\r\nTAG OK done\r\n", "x".repeat(PIECE as usize));
    for second in [gone, other, "TAG NO [LIMIT] enough\r\n"] {
        let (mut imap, _server) = mailbox(&[whole.as_str(), second]).await;
        assert!(pieces(&mut imap, 11).await.is_err(), "{second:?}");
    }
    // The server sent less than requested, so that was the end.
    let (mut imap, _server) = mailbox(&[first, "TAG OK done\r\n"]).await;
    assert_eq!(pieces(&mut imap, 11).await.unwrap(), b"Hello");
    // Some servers answer like this when there is nothing after the end.
    for no in ["TAG NO [LIMIT] enough\r\n", "TAG BAD no such bytes\r\n"] {
        let (mut imap, _server) = mailbox(&[first, no]).await;
        assert_eq!(pieces(&mut imap, 11).await.unwrap(), b"Hello", "{no}");
    }
    // The mail was deleted before anything of it came, so it needs no attention.
    let (mut imap, _server) = mailbox(&[gone]).await;
    assert!(pieces(&mut imap, 11).await.unwrap().is_empty());
}

#[tokio::test]
async fn r9_a_mail_that_is_withheld_is_passed_over() {
    let no = "TAG NO [SERVERBUG] Internal error\r\n";
    let one = "* 1 FETCH (UID 8 BODY[] {5}\r\nHello)\r\nTAG OK done\r\n";
    let (mut imap, _server) = mailbox(&[no, no, one]).await;
    let given = imap.given(&lying(&[7, 8], 5), false).await.unwrap();
    assert_eq!(given.mails, [(8, Bytes::from("Hello"))]);
    assert_eq!((given.withheld.len(), given.withheld[0].uid), (1, 7));
    assert_eq!(given.withheld[0].reason, "The mail server does not deliver it: [SERVERBUG] Internal error.");
    // If all are refused, the server may be at fault instead of the mails. After a while that makes no difference.
    let (mut imap, _server) = mailbox(&[no; 3]).await;
    assert!(matches!(imap.given(&lying(&[7, 8], 5), false).await, Err(MailError::Withheld { .. })));
    let (mut imap, _server) = mailbox(&[no; 3]).await;
    let given = imap.given(&lying(&[7, 8], 5), true).await.unwrap();
    assert!(given.mails.is_empty() && given.withheld.len() == 2);
    for (patient, withheld) in [(true, 1), (false, 0)] {
        let (mut imap, _server) = mailbox(&[no, no, "* BYE enough\r\n"]).await;
        let given = imap.given(&lying(&[7, 8], 5), patient).await.unwrap();
        assert!(matches!(given.cut, Some(MailError::Cut { ref uids, .. }) if *uids == [8]), "{given:?}");
        assert_eq!(given.withheld.len(), withheld, "all that it was asked for is refused: {patient}");
    }
}

/// R9: the list contains the mail, but its answer is complete without it, or does not say whose bytes these are.
#[tokio::test]
async fn r9_a_mail_of_which_nothing_is_given_is_withheld() {
    let hello = |uid: i64| format!("* 1 FETCH (UID {uid} BODY[] {{5}}\r\nHello)\r\n");
    let (done, both) = ("TAG OK done\r\n", "* SEARCH 7 8\r\nTAG OK done\r\n");
    let nameless = "* 1 FETCH (BODY[] {5}\r\nHello)\r\nTAG OK done\r\n";
    let first = format!("{}{done}", hello(8));
    for silent in [done, nameless] {
        let first = format!("{}{silent}", hello(8));
        let (mut imap, server) = mailbox(&[first.as_str(), both, silent]).await;
        let given = imap.given(&lying(&[7, 8], 5), false).await.unwrap();
        assert_eq!(given.mails, [(8, Bytes::from("Hello"))]);
        let withheld =
            Withheld { uid: 7, reason: "The mail server lists this e-mail but does not deliver it.".to_owned() };
        assert_eq!(given.withheld, [withheld], "{silent}");
        drop(imap);
        assert_eq!(server.await.unwrap().len(), 3, "{silent}");
    }
    // The mail comes at the second try.
    let second = format!("{}{done}", hello(7));
    let (mut imap, _server) = mailbox(&[first.as_str(), both, second.as_str()]).await;
    let given = imap.given(&lying(&[7, 8], 5), false).await.unwrap();
    assert!(given.mails.len() == 2 && given.withheld.is_empty(), "{given:?}");
    // First too short, then nothing: only a deleted mail needs no attention.
    let short = "* 1 FETCH (UID 7 BODY[] {1}\r\nH)\r\nTAG OK done\r\n";
    for (list, withheld) in [(both, 1), ("* SEARCH 8\r\nTAG OK done\r\n", 0)] {
        let (mut imap, _server) = mailbox(&[short, done, list]).await;
        let given = imap.given(&lying(&[7], 5), true).await.unwrap();
        assert_eq!((given.mails.len(), given.withheld.len()), (0, withheld), "{list}");
    }
}

/// R9: the cursor does not pass a mail that the list leaves out or does not describe.
#[tokio::test]
async fn r9_a_mail_that_the_list_leaves_out_or_does_not_name_is_found() {
    let listed = "* 2 FETCH (UID 8 RFC822.SIZE 5)\r\nTAG OK done\r\n";
    let nameless = format!("* 1 FETCH (RFC822.SIZE 5)\r\n{listed}");
    let found = "* SEARCH 7 8\r\nTAG OK done\r\n";
    let unknown = MailOnServer { uid: 7, size: 0, at: None };
    let eight = MailOnServer { uid: 8, size: 5, at: None };
    for first in [listed, nameless.as_str()] {
        let (mut imap, server) = mailbox(&[first, found, "TAG OK done\r\n", found]).await;
        assert_eq!(imap.behind(6).await.unwrap(), [unknown, eight], "{first}");
        drop(imap);
        assert_eq!(server.await.unwrap()[1..3], ["UID SEARCH UID 7:*", "UID FETCH 7 (UID RFC822.SIZE INTERNALDATE)"]);
        // The mail came or was deleted between the two commands.
        let late = "* 1 FETCH (UID 7 RFC822.SIZE 5)\r\nTAG OK done\r\n";
        let (mut imap, _server) = mailbox(&[first, found, late]).await;
        assert_eq!(imap.behind(6).await.unwrap(), [MailOnServer { size: 5, ..unknown }, eight]);
        let gone = "* SEARCH 8\r\nTAG OK done\r\n";
        let (mut imap, _server) = mailbox(&[first, found, "TAG OK done\r\n", gone]).await;
        assert_eq!(imap.behind(6).await.unwrap(), [eight]);
        let (mut imap, _server) = mailbox(&[first, "TAG BAD no\r\n"]).await;
        assert_eq!(imap.behind(6).await.unwrap(), [eight], "who cannot search is read all the same");
    }
}

/// R9: complete mails are not fetched again together with the mail that ends the connection.
#[tokio::test]
async fn r9_what_came_whole_before_the_connection_ended_is_kept() {
    let some = "* 1 FETCH (UID 7 BODY[] {5}\r\nHello)\r\n* 2 FETCH (UID 8 BODY[] {4}\r\nHell)\r\n";
    for (end, said) in [("* BYE enough\r\n", "enough"), ("* 3 FETCH (UID 9 BODY[] {5}\r\nHe", "it hung up")] {
        let (mut imap, _server) = mailbox(&[format!("{some}{end}").as_str()]).await;
        let given = imap.given(&lying(&[7, 8, 9], 5), false).await.unwrap();
        assert_eq!(given.mails, [(7, Bytes::from("Hello"))]);
        assert!(given.withheld.is_empty());
        let Some(MailError::Cut { said: heard, uids, .. }) = given.cut else { panic!("{end}") };
        assert_eq!((heard.as_str(), uids), (said, vec![8, 9]));
    }
    // All came, so none of them ended the connection.
    let (mut imap, _server) = mailbox(&["* 1 FETCH (UID 7 BODY[] {5}\r\nHello)\r\n* BYE enough\r\n"]).await;
    let given = imap.given(&lying(&[7], 5), false).await.unwrap();
    assert!(given.mails.len() == 1 && matches!(given.cut, Some(MailError::Lost { .. })), "{given:?}");
    // The connection ends when the short mail is fetched again.
    let (mut imap, _server) = mailbox(&[format!("{some}TAG OK done\r\n").as_str()]).await;
    let given = imap.given(&lying(&[7, 8], 5), false).await.unwrap();
    assert!(given.mails.len() == 1 && matches!(given.cut, Some(MailError::Cut { ref uids, .. }) if *uids == [8]));
}

/// Each line of the mail would be parsed as a response, and the mail would be lost.
#[tokio::test]
async fn r9_a_blank_behind_an_announcement_loses_no_mail() {
    let tricky = "From: a@x.example\r\n\r\nA0001 OK done\r\n";
    let answer = body(tricky).replacen("}\r\n", "} \r\n", 1);
    assert_eq!(taken(tricky.len() as u64, &[&answer]).await.as_deref(), Ok(tricky));
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
    assert_eq!(lying, [MailOnServer { uid: 7, size: 5, at: None }]);
    let asked = server.await.unwrap();
    assert_eq!(asked, ["UID SEARCH UID 4:* SINCE 1-Nov-2026", "UID FETCH 7 (UID RFC822.SIZE INTERNALDATE)"]);
}

/// A server that accepts only commands by the standard: one line, literals only after it said that it is ready. It returns the commands,
/// with literals in angle brackets.
async fn strict(line: DuplexStream) -> Vec<String> {
    let mut line = BufReader::new(line);
    let mut heard = Vec::new();
    loop {
        let mut command = String::new();
        loop {
            let mut part = Vec::new();
            if line.read_until(b'\n', &mut part).await.unwrap() == 0 {
                return heard;
            }
            let part = String::from_utf8(part).unwrap();
            let part = part.strip_suffix("\r\n").expect("a line ends in CR LF");
            assert!(part.is_ascii() && !part.contains(char::is_control), "{part:?}");
            assert_eq!(part.replace("\\\\", "").replace("\\\"", "").matches('"').count() % 2, 0, "{part:?}");
            let announced = part.strip_suffix('}').and_then(|part| part.rsplit_once('{'));
            let announced = announced.and_then(|(before, count)| Some((before, count.parse::<usize>().ok()?)));
            let Some((before, count)) = announced.filter(|(before, _)| before.ends_with(' ')) else {
                command.push_str(part);
                break;
            };
            line.get_mut().write_all(b"+ ready\r\n").await.unwrap();
            let mut bytes = vec![0; count];
            line.read_exact(&mut bytes).await.unwrap();
            command.push_str(&format!("{before}<{}>", String::from_utf8(bytes).unwrap()));
        }
        let (tag, said) = command.split_once(' ').unwrap();
        heard.push(said.to_owned());
        if line.get_mut().write_all(format!("{tag} OK done\r\n").as_bytes()).await.is_err() {
            return heard;
        }
    }
}

/// H9: a server that is busy says nothing about the password. If the client stopped reading because of it, the mailbox would wait for an
/// administrator.
#[tokio::test]
async fn h9_a_sign_in_that_is_refused_for_now_is_tried_again() {
    for (no, for_now) in [
        ("NO [UNAVAILABLE] Temporary authentication failure.", true),
        ("NO [limit] Not more than 10.", true),
        ("NO [INUSE] Locked", true),
        ("NO [SERVERBUG] Internal error", true),
        ("NO [THROTTLED] Slow down", true),
        ("NO [OVERQUOTA] Too full", true),
        ("NO [ALERT] Too many simultaneous connections. (Failure)", true),
        ("NO [ALERT] Account exceeded command or bandwidth limits.", true),
        ("NO LOGIN failed, please TRY AGAIN LATER", true),
        ("BAD Temporarily out of order", true),
        ("NO [AUTHENTICATIONFAILED] Invalid credentials, try again later", false),
        ("NO [AUTHORIZATIONFAILED] No", false),
        ("NO [EXPIRED] Your temporary password has expired", false),
        ("NO [PRIVACYREQUIRED] No", false),
        ("NO [CONTACTADMIN] Temporarily locked", false),
        ("NO [ALERT] Invalid credentials (Failure)", false),
        ("NO LOGIN failed", false),
        ("BAD What?", false),
    ] {
        let (ours, theirs) = tokio::io::duplex(1024);
        let server = async {
            let (reading, mut writing) = tokio::io::split(theirs);
            let asked = BufReader::new(reading).lines().next_line().await.unwrap().unwrap();
            let tag = asked.split(' ').next().unwrap();
            writing.write_all(format!("{tag} {no}\r\n").as_bytes()).await.unwrap();
        };
        let signing_in = open::signed_in(Talk::over(ours), "imap.x.example", "anna", "secret");
        match tokio::join!(signing_in, server).0 {
            Err(MailError::Lost { said, .. }) => assert!(for_now && no.contains(&said), "{no}: {said}"),
            Err(MailError::Login { .. }) => assert!(!for_now, "{no}"),
            other => panic!("{no}: {other:?}"),
        }
    }
}

/// S16: typed text is one string of one command, whatever it contains, or it is not sent.
#[tokio::test]
async fn s16_what_was_typed_is_one_string_of_one_command() {
    for (user, password, login) in [
        ("anna", "secret", "LOGIN \"anna\" \"secret\""),
        ("a\" \"b", "c\\", "LOGIN \"a\\\" \\\"b\" \"c\\\\\""),
        ("{5}", "x {3}", "LOGIN \"{5}\" \"x {3}\""),
        ("(a) %*", "]", "LOGIN \"(a) %*\" \"]\""),
        ("jörg", "pässwörd\"", "LOGIN <jörg> <pässwörd\">"),
        ("", "日本", "LOGIN \"\" <日本>"),
    ] {
        let (ours, theirs) = tokio::io::duplex(1024);
        let server = tokio::spawn(strict(theirs));
        let imap = open::signed_in(Talk::over(ours), "imap.x.example", user, password).await.unwrap();
        drop(imap);
        assert_eq!(server.await.unwrap(), [login, "CAPABILITY"]);
    }
    for bad in ["a\r\nA1 LOGOUT", "a\nb", "a\rb", "a\0b", "ä\r\nb", "a\u{7f}"] {
        for (user, password) in [(bad, "secret"), ("anna", bad)] {
            let (ours, theirs) = tokio::io::duplex(1024);
            let server = tokio::spawn(strict(theirs));
            let refused = open::signed_in(Talk::over(ours), "imap.x.example", user, password).await;
            assert!(matches!(refused, Err(MailError::Login { .. })), "{bad:?}");
            assert_eq!(server.await.unwrap(), Vec::<String>::new(), "{bad:?}: nothing is said");
        }
    }
}

#[tokio::test]
async fn s16_folders_and_names_are_strings_as_well() {
    let (ours, theirs) = tokio::io::duplex(64 * 1024);
    let server = tokio::spawn(strict(theirs));
    let mut imap = Imap::over(Talk::over(ours), "imap.x.example");
    for folder in ["INBOX", "a \"b\" \\c {5}", "Entwürfe"] {
        imap.examine(folder).await.unwrap();
    }
    for bad in ["INBOX\r\nA9 DELETE INBOX", "a\nb", "\0", ""] {
        assert!(matches!(imap.examine(bad).await, Err(MailError::Folder { .. })), "{bad:?}");
        assert!(matches!(imap.put(bad, "1@x.example", b"x").await, Err(MailError::Folder { .. })), "{bad:?}");
        assert!(matches!(imap.remove(bad, &[1]).await, Err(MailError::Folder { .. })), "{bad:?}");
    }
    imap.put("Gesendet", "1\"@x.example", b"From: a\r\n\r\n{9}\r\nA1 LOGOUT\r\n").await.unwrap();
    assert!(imap.named("a\r\nA1 LOGOUT", 0).await.is_err());
    drop(imap);
    let heard = server.await.unwrap();
    let wanted = [
        "EXAMINE \"INBOX\"",
        "STATUS \"INBOX\" (UIDNEXT)",
        "UID SEARCH ALL",
        "EXAMINE \"a \\\"b\\\" \\\\c {5}\"",
        "STATUS \"a \\\"b\\\" \\\\c {5}\" (UIDNEXT)",
        "UID SEARCH ALL",
        "EXAMINE \"Entw&APw-rfe\"",
        "STATUS \"Entw&APw-rfe\" (UIDNEXT)",
        "UID SEARCH ALL",
        "EXAMINE \"Gesendet\"",
        "STATUS \"Gesendet\" (UIDNEXT)",
        "UID SEARCH ALL",
        "UID SEARCH HEADER Message-ID \"<1\\\"@x.example>\"",
        "APPEND \"Gesendet\" (\\Seen) <From: a\r\n\r\n{9}\r\nA1 LOGOUT\r\n>",
    ];
    assert_eq!(heard, wanted);
}

/// S56: unencrypted data after the consent to STARTTLS is no answer to a command under TLS, and may come from an attacker.
#[tokio::test]
async fn s56_what_follows_the_consent_to_starttls_in_the_clear_ends_it() {
    for (answer, good) in [
        ("TAG OK begin\r\n", true),
        ("* CAPABILITY IMAP4rev1\r\nTAG OK begin\r\n", true),
        ("TAG OK begin\r\nTAG OK [CAPABILITY IMAP4rev1] Logged in\r\n", false),
        ("TAG OK begin\r\nA0001 OK Logged in\r\n", false),
        ("TAG OK begin\r\n*", false),
    ] {
        let (ours, theirs) = tokio::io::duplex(1024);
        let server = async {
            let (reading, mut writing) = tokio::io::split(theirs);
            writing.write_all(b"* OK hello\r\n").await.unwrap();
            let asked = BufReader::new(reading).lines().next_line().await.unwrap().unwrap();
            let tag = asked.split(' ').next().unwrap();
            writing.write_all(answer.replace("TAG", tag).as_bytes()).await.unwrap();
        };
        let begun = tokio::join!(open::start_tls(ours, "imap.x.example", Duration::from_secs(60)), server).0;
        assert_eq!(begun.is_ok(), good, "{answer}");
        assert!(good || matches!(begun, Err(MailError::Tampered(_))), "{answer} {begun:?}");
    }
}

/// A server that answers its first command without end. It returns how many bytes the client took.
async fn endless(begin: &str, again: &str) -> (Imap<DuplexStream>, JoinHandle<usize>) {
    let (ours, theirs) = tokio::io::duplex(64 * 1024);
    let (begin, again) = (begin.to_owned(), again.repeat(1 + 4096 / again.len().max(1)));
    let server = tokio::spawn(async move {
        let (reading, mut writing) = tokio::io::split(theirs);
        let asked = BufReader::new(reading).lines().next_line().await.unwrap().unwrap();
        let tag = asked.split(' ').next().unwrap();
        let mut taken = begin.len();
        writing.write_all(begin.replace("TAG", tag).as_bytes()).await.unwrap();
        while writing.write_all(again.as_bytes()).await.is_ok() {
            taken += again.len();
        }
        taken
    });
    (Imap::over(Talk::over(ours), "imap.x.example"), server)
}

/// S55: every answer is limited in bytes and in entries.
#[tokio::test]
async fn s55_an_answer_without_an_end_is_cut() {
    const MEGABYTE: usize = 1024 * 1024;
    type Ask = fn(Imap<DuplexStream>) -> std::pin::Pin<Box<dyn Future<Output = Result<(), MailError>> + Send>>;
    let fetch: Ask = |mut imap| Box::pin(async move { mails(&mut imap, &[7]).await.map(drop) });
    let list: Ask = |mut imap| Box::pin(async move { imap.behind(0).await.map(drop) });
    let search: Ask = |mut imap| Box::pin(async move { imap.numbers(None).await.map(drop) });
    let folders: Ask = |mut imap| Box::pin(async move { imap.sent_folder().await.map(drop) });
    let able: Ask = |mut imap| Box::pin(async move { imap.look_what_it_can().await });
    let examine: Ask = |mut imap| Box::pin(async move { imap.examine("INBOX").await.map(drop) });
    for (name, ask, begin, again, most) in [
        ("a mail of 500 MB", fetch, "* 1 FETCH (UID 7 BODY[] {524288000}\r\n", "x", MEGABYTE / 4),
        ("the same, without its number", fetch, "* 1 FETCH (BODY[] {524288000}\r\n", "x", MEGABYTE / 4),
        ("mail after mail", fetch, "", "* 1 FETCH (UID 7 BODY[] {5}\r\nHello)\r\n", 6 * MEGABYTE),
        ("other mails", fetch, "", "* 1 FETCH (UID 8 BODY[] {9}\r\nx\r\nx\r\nx\r\n)\r\n", 6 * MEGABYTE),
        ("a line", fetch, "* 1 FETCH (UID 7 ", "FLAGS ", MEGABYTE / 2),
        ("a string", fetch, "* 1 FETCH (UID 7 BODY[] \"", "x", MEGABYTE / 2),
        ("brackets", fetch, "* 1 FETCH (BODYSTRUCTURE ", "(", MEGABYTE / 2),
        ("announcements", fetch, "* 1 FETCH (X ", "{0}\r\n {0}\r\n ", 6 * MEGABYTE),
        ("what others do", fetch, "", "* 3 EXPUNGE\r\n", MEGABYTE / 2),
        ("still here", fetch, "", "* OK still here\r\n", MEGABYTE / 2),
        ("sizes", list, "", "* 1 FETCH (UID 7 RFC822.SIZE 5)\r\n", MEGABYTE),
        ("numbers", search, "* SEARCH ", "7 ", MEGABYTE / 2),
        ("searches", search, "", "* SEARCH 7\r\n", MEGABYTE),
        ("folders", folders, "", "* LIST () \"/\" a\r\n", 2 * MEGABYTE),
        ("abilities", able, "* CAPABILITY IMAP4rev1 ", "X ", MEGABYTE / 2),
        ("flags", examine, "* FLAGS (", "\\x ", MEGABYTE / 2),
        ("a refusal", examine, "TAG NO ", "no ", MEGABYTE / 2),
        ("nothing", able, "", "\r\n", MEGABYTE / 2),
    ] {
        let (imap, server) = endless(begin, again).await;
        assert!(ask(imap).await.is_err(), "{name}");
        let taken = server.await.unwrap();
        assert!(taken <= most, "{name}: {taken} bytes were taken");
    }
}

#[tokio::test]
async fn s55_a_mail_that_is_larger_than_it_may_be_is_named() {
    let huge = |uid: i64| format!("* 1 FETCH (UID {uid} BODY[] {{524288000}}\r\n");
    let (mut imap, _server) = mailbox(&[huge(8).as_str()]).await;
    let over = imap.given(&lying(&[7, 8], 100), true).await;
    assert!(matches!(over, Err(MailError::TooMuch { uid: Some(8), said: 100, .. })), "{over:?}");
    // A mail of twice its announced size and one megabyte more may come from a server that counts differently.
    let much = "x".repeat(1024 * 1024);
    let answer = format!("* 1 FETCH (UID 7 BODY[] {{{}}}\r\n{much})\r\nTAG OK done\r\n", much.len());
    let (mut imap, _server) = mailbox(&[answer.as_str()]).await;
    assert_eq!(imap.given(&lying(&[7], 100), true).await.unwrap().mails[0].1.len(), much.len());
}

/// A too large literal without a UID, or with one that nobody requested: each mail is requested alone, and then the mail is known.
#[tokio::test]
async fn s55_no_other_mail_is_blamed_for_one_that_is_too_large() {
    for uid in ["", "UID 9 "] {
        let huge = format!("* 1 FETCH ({uid}BODY[] {{524288000}}\r\n");
        for (asked, blamed) in [(vec![7, 8], None), (vec![7], Some(7))] {
            let (mut imap, _server) = mailbox(&[huge.as_str()]).await;
            let over = imap.given(&lying(&asked, 100), true).await;
            assert!(matches!(over, Err(MailError::TooMuch { uid, .. }) if uid == blamed), "{huge} {asked:?}: {over:?}");
        }
    }
    // A mail that is only fetched to test sizes must not be put aside.
    let script: [&str; 6] = [
        &body(WHOLE),
        &body(WHOLE),
        "TAG OK done\r\n",
        "* SEARCH 3 7\r\nTAG OK done\r\n",
        "* 1 FETCH (UID 3 RFC822.SIZE 900)\r\nTAG OK done\r\n",
        "* 1 FETCH (UID 3 BODY[] {524288000}\r\n",
    ];
    let (mut imap, _server) = mailbox(&script).await;
    let over = imap.given(&lying(&[7], 147), true).await;
    assert!(matches!(over, Err(MailError::TooMuch { uid: Some(7), .. })), "{over:?}");
}

#[tokio::test]
async fn r9_a_mail_is_gone_when_the_server_lists_it_no_more() {
    let (mut imap, server) = mailbox(&["* SEARCH 3 7\r\nTAG OK done\r\n", "TAG NO not now\r\n"]).await;
    assert_eq!(imap.gone([7, 8]).await.unwrap(), BTreeSet::from([8]), "one that an answer left out still lies there");
    assert!(imap.gone([7]).await.is_err(), "a refusal tells nothing");
    assert!(imap.gone([]).await.unwrap().is_empty());
    drop(imap);
    assert_eq!(server.await.unwrap(), ["UID SEARCH ALL", "UID SEARCH ALL"]);
}

/// S55: a server that sends single bytes slowly keeps no connection for ever.
#[tokio::test]
async fn s55_an_answer_has_its_time_however_slowly_it_comes() {
    let (ours, mut theirs) = tokio::io::duplex(1024);
    let drip = tokio::spawn(async move {
        let mut every = tokio::time::interval(Duration::from_millis(10));
        while theirs.write_all(b"* OK still here\r\n").await.is_ok() {
            every.tick().await;
        }
    });
    let mut talk = Talk::over(ours);
    let limits = Limits { time: Duration::from_millis(200), ..Limits::SHORT };
    let slow = talk.ask(&[Part::Text("NOOP")], limits, |_| {}).await;
    assert!(matches!(slow, Err(Unanswered::Broken(ref said)) if said == "it took too long"), "{slow:?}");
    drop(talk);
    drip.await.unwrap();
}

const WHOLE: &str = "From: a@x.example\r\n\r\nHello";

/// Fetches a mail with this announced size and these answers: the accepted bytes, or why none were accepted.
async fn taken(size: u64, answers: &[&str]) -> Result<String, String> {
    let (mut imap, _server) = mailbox(answers).await;
    let mut given = imap.given(&lying(&[7], size), true).await.unwrap();
    match (given.mails.pop(), given.withheld.pop()) {
        (Some((7, bytes)), None) => Ok(String::from_utf8(bytes.to_vec()).unwrap()),
        (None, Some(withheld)) => Err(withheld.reason),
        other => panic!("{other:?}"),
    }
}

fn body(bytes: &str) -> String {
    format!("* 1 FETCH (UID 7 BODY[] {{{}}}\r\n{bytes})\r\nTAG OK done\r\n", bytes.len())
}

/// R9: a server that fails for a moment sends an empty or a shorter mail.
#[tokio::test]
async fn r9_fewer_bytes_than_the_server_says_are_no_mail() {
    let size = WHOLE.len() as u64;
    let nil = "* 1 FETCH (UID 7 BODY[] NIL)\r\nTAG OK done\r\n";
    // At the second try the server sends all of it.
    for first in [body(""), nil.to_owned(), body("From"), body(&WHOLE[..size as usize - 1])] {
        assert_eq!(taken(size, &[&first, &body(WHOLE)]).await.as_deref(), Ok(WHOLE), "{first}");
    }
    let withheld = |given: usize, size: u64| Err(format!("The mail server gives {given} of its {size} bytes."));
    for empty in [body("").as_str(), nil] {
        assert_eq!(taken(size, &[empty, empty]).await, withheld(0, size));
    }
    // The server repeats less, once half a header, once two thirds of the mail, and its sizes of other mails are right.
    assert_eq!(taken(147, &[&body("From: a@x"), &body("From: a@x")]).await, withheld(9, 147));
    let behind = "* 1 FETCH (UID 7 BODY[]<26> \"\")\r\nTAG OK done\r\n";
    let none = "* SEARCH 7\r\nTAG OK done\r\n";
    assert_eq!(taken(147, &[&body(WHOLE), &body(WHOLE), behind, none]).await, withheld(26, 147));
    let more = "* 1 FETCH (UID 7 BODY[]<26> \" and more\")\r\nTAG OK done\r\n";
    assert_eq!(taken(30, &[&body(WHOLE), &body(WHOLE), more]).await, withheld(26, 30), "it has more of it");
    assert_eq!(
        taken(size, &[&body(""), "TAG NO no\r\n"]).await,
        Err("The mail server does not deliver it: no.".to_owned())
    );
}

/// Sizes that are slightly wrong: other programs accept such mails, and so must we.
#[tokio::test]
async fn r9_a_size_that_is_off_withholds_no_mail() {
    let lines = "From: a@x.example\n\nHello\n";
    let counted = lines.replace('\n', "\r\n").len() as u64;
    assert_eq!(taken(counted, &[&body(lines)]).await.as_deref(), Ok(lines), "line ends counted as two bytes");
    assert_eq!(taken(10, &[&body(WHOLE)]).await.as_deref(), Ok(WHOLE), "more than was said");
    // Without a size the mail is fetched twice, and then the bytes after it.
    assert_eq!(taken(0, &[&body(WHOLE), &body(WHOLE), "TAG OK done\r\n"]).await.as_deref(), Ok(WHOLE));
    let more = "* 1 FETCH (UID 7 BODY[]<24> \" and more\")\r\nTAG OK done\r\n";
    for answers in [[&body(WHOLE), &body(WHOLE), more], [&body(WHOLE), &body("From: a@x.example\r\n\r\n"), more]] {
        let no = taken(0, &answers).await.unwrap_err();
        assert!(no.ends_with("bytes of it, and does not say whether that is all."), "{no}");
    }
    let none = "The mail server lists this e-mail but does not deliver it.";
    assert_eq!(taken(0, &[&body(""), &body("")]).await, Err(none.to_owned()));
    for behind in ["\"\"", "NIL", "{0}\r\n"] {
        let behind = format!("* 1 FETCH (UID 7 BODY[]<24> {behind})\r\nTAG OK done\r\n");
        let few = taken(30, &[&body(WHOLE), &body(WHOLE), &behind]).await;
        assert_eq!(few.as_deref(), Ok(WHOLE), "a few bytes, by which the server stands");
    }
    for behind in ["TAG OK done\r\n", "TAG NO there is nothing\r\n", "* 1 FETCH (UID 7 FLAGS ())\r\nTAG OK done\r\n"] {
        let few = taken(30, &[&body(WHOLE), &body(WHOLE), behind]).await;
        assert_eq!(few.as_deref(), Ok(WHOLE), "{behind}: silence about what is behind the end contradicts nothing");
        let none = taken(147, &[&body(WHOLE), &body(WHOLE), behind, "* SEARCH 7\r\nTAG OK done\r\n"]).await;
        assert!(none.is_err(), "{behind}: nor does it make the rest of a mail that is not there");
    }
    // Exchange guesses: its sizes of other mails are far too large, too.
    let behind = "* 1 FETCH (UID 7 BODY[]<24> \"\")\r\nTAG OK done\r\n";
    let sizes = "* 1 FETCH (UID 3 RFC822.SIZE 900)\r\n* 2 FETCH (UID 4 RFC822.SIZE 800)\r\nTAG OK done\r\n";
    let other = |uid: i64| body(WHOLE).replace("UID 7", &format!("UID {uid}"));
    let script: [&str; 7] =
        [&body(WHOLE), &body(WHOLE), behind, "* SEARCH 3 4 7\r\nTAG OK done\r\n", sizes, &other(3), &other(4)];
    assert_eq!(taken(900, &script).await.as_deref(), Ok(WHOLE));
}
