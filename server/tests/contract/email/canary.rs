//! Internal content never leaves: no byte of a note, its files or their names is in any sent mail (S22).

use domain::{
    files::{KeepFile, uploader},
    mail::BeginMail,
    send::{CancelMessage, SendMessage, SendNow},
};
use model::{Attachment, AttachmentId, ConversationId, DraftMode, MailChoice, Mailbox, Message, MessageId, Recipients};
use store::{clock::new_id, mail, message::File};
use tokio::io::AsyncReadExt;

use super::office::{Office, letter};
use crate::world::World;

on_both_engines!(s22_a_note_is_in_no_mail_that_goes_out);

/// In every note, in the files of notes and in their names.
const CANARY: &str = "canary7f3e";

/// Keeps a file as the owner uploads one.
async fn upload(office: &Office, name: &str, bytes: &str) -> AttachmentId {
    let (digest, size, media_type) = office.files.keep(bytes.to_owned().into()).await.unwrap();
    let id = AttachmentId::new(new_id());
    let attachment = Attachment { id, name: name.to_owned(), size: i64::try_from(size).unwrap(), media_type };
    let uploader = uploader(office.world.owner.id);
    let file = File { attachment, conversation: None, message_n: None, uploader, digest };
    office.world.db.write(&office.world.owner.scope, KeepFile(file)).await.unwrap();
    id
}

async fn say(
    office: &Office,
    conversation: ConversationId,
    mode: DraftMode,
    text: &str,
    attachments: Vec<AttachmentId>,
) -> Message {
    let send = SendMessage { attachments, ..crate::world::message(conversation, mode, text) };
    office.world.db.write(&office.world.owner.scope, send).await.unwrap()
}

/// Writes a note with a file, both marked.
async fn note(office: &Office, conversation: ConversationId) {
    let file = upload(office, &format!("{CANARY}.txt"), &format!("in a file: {CANARY}")).await;
    say(office, conversation, DraftMode::Note, &format!("Only for us: {CANARY}\n\n> {CANARY}"), vec![file]).await;
}

/// The bytes that went out for a message, as they are kept and as they arrived.
async fn went(office: &Office, message: &Message) -> Vec<Vec<u8>> {
    let arrived = office.sunk(&message.id.uuid().simple().to_string()).await.into_bytes();
    let mut reader = office.world.db.reader().await.unwrap();
    let kept = mail::of_message(&mut reader.conn(), &office.world.system(), message.id).await.unwrap().unwrap();
    let mut bytes = Vec::new();
    office.files.read(&kept.digest).await.unwrap().read_to_end(&mut bytes).await.unwrap();
    vec![arrived, bytes]
}

/// Everything that a mail says, unpacked, in one text.
fn said(bytes: &[u8]) -> String {
    let mail = ::mail::read(bytes).unwrap();
    let files = mail.files.iter().map(|file| format!("{} {}", file.name, String::from_utf8_lossy(&file.bytes)));
    let files: String = files.collect();
    let raw = String::from_utf8_lossy(bytes).replace("=\r\n", "").replace("=\n", "");
    [raw, mail.subject, mail.text, mail.html.concat(), files].join("\n").to_lowercase()
}

async fn s22_a_note_is_in_no_mail_that_goes_out(world: World) {
    let Some(office) = Office::open(world).await else { return };
    let _receiving = office.receive();
    office.connected(office.channel.id).await;
    let owner = &office.world.owner.scope;
    let first = letter("Anna <anna@sink.test>", &office.address, "Offer", "Message-ID: <a@sink.test>\n", "When?");
    office.post.deliver("anna@sink.test", &office.address, &first).await;
    let conversation = office.conversations_when(office.channel.id, 1).await[0];
    let mut out = Vec::new();

    // Before the first answer, and between them.
    note(&office, conversation).await;
    out.push(say(&office, conversation, DraftMode::Reply, "On Friday.", Vec::new()).await);
    note(&office, conversation).await;
    let plan = upload(&office, "plan.txt", "the plan").await;
    out.push(say(&office, conversation, DraftMode::Reply, "Here is the plan.", vec![plan]).await);

    // Taken back, noted, written again with the file that came back.
    let offer = upload(&office, "offer.txt", "the offer").await;
    let taken_back = say(&office, conversation, DraftMode::Reply, "Our offer.", vec![offer]).await;
    office.world.db.write(owner, CancelMessage(taken_back.id)).await.unwrap();
    note(&office, conversation).await;
    out.push(say(&office, conversation, DraftMode::Reply, "Our offer, put right.", vec![offer]).await);
    office.world.wait(11_000);
    office.work().await;

    // She answers and quotes; the answer carries her chain on, behind more notes.
    let reply_to = went(&office, &out[0]).await.remove(0);
    let reply_to = String::from_utf8(reply_to).unwrap();
    let reply_to = reply_to.lines().find_map(|line| line.strip_prefix("Reply-To: ")).unwrap().to_owned();
    let quoting = letter("Anna <anna@sink.test>", &reply_to, "Re: Offer", "", "Fine.\n\n> On Friday.");
    office.post.deliver("anna@sink.test", &reply_to, &quoting).await;
    office
        .until("her answer is there", async || {
            office.thread(conversation).await.iter().any(|entry| entry.text.starts_with("Fine.")).then_some(())
        })
        .await;
    note(&office, conversation).await;
    let last = say(&office, conversation, DraftMode::Reply, "See you.", Vec::new()).await;
    note(&office, conversation).await;
    out.push(office.world.db.write(owner, SendNow(last.id)).await.unwrap());

    // A mail that begins a conversation with somebody else, after a note in the first.
    let begun = ConversationId::new(new_id());
    let recipients = Recipients { to: vec![Mailbox::of("ben@sink.test")], ..Recipients::default() };
    let mut send =
        SendMessage { id: MessageId::new(new_id()), ..crate::world::message(begun, DraftMode::Reply, "About Anna") };
    send.compose = model::Compose::Mail(MailChoice { recipients, subject: Some("Anna's offer".to_owned()) });
    out.push(
        office.world.db.write(owner, BeginMail { channel: office.channel.id, contact: None, send }).await.unwrap(),
    );
    note(&office, begun).await;
    office.world.wait(11_000);
    office.work().await;

    // A file of a note cannot be sent with a reply: it is part of the note.
    let notes = office.thread(conversation).await;
    let of_note = notes.iter().find(|entry| entry.text.contains(CANARY)).unwrap().attachments[0].id;
    let stolen =
        SendMessage { attachments: vec![of_note], ..crate::world::message(conversation, DraftMode::Reply, "x") };
    crate::world::refused(office.world.db.write(owner, stolen).await);

    assert_eq!(out.len(), 5);
    for message in &out {
        for bytes in went(&office, message).await {
            let said = said(&bytes);
            assert!(
                said.contains(&message.text.lines().next().unwrap().to_lowercase()),
                "the mail is examined: {said}"
            );
            assert!(!said.contains(CANARY), "{said}");
        }
    }
    let files: String =
        went(&office, &out[1]).await.iter().chain(&went(&office, &out[2]).await).map(|one| said(one)).collect();
    assert!(files.contains("the plan") && files.contains("the offer"), "files of replies are sent");
    let marked = office.thread(conversation).await.iter().filter(|entry| entry.text.contains(CANARY)).count();
    assert_eq!(marked, 5, "the notes are stored for the team");
}
