//! How a mail server may misbehave while sending, and what happens to the message: a refused sign-in, silence, a connection that breaks
//! after the last dot, a sender address that is not allowed (R7, T8, H9).

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use model::{ConversationId, Delivery, DeliveryState, Entry, Security, StepOutcome};
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::ring,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    },
};

use super::office::{Office, Post, letter};
use crate::world::World;

on_both_engines!(
    h9_a_refused_sign_in_fails_at_once,
    r7_who_says_no_goodbye_has_the_mail_all_the_same,
    r7_a_line_that_breaks_behind_the_dot_is_for_a_person_in_the_end,
    h9_plus_addresses_are_used_where_one_may_write_from_them,
    s56_answers_from_before_the_encryption_take_no_mail,
    s55_a_greeting_without_an_end_is_cut,
);

#[derive(Clone, Copy, PartialEq)]
enum Mood {
    Fine,
    RefusesSignIn,
    SaysNoGoodbye,
    BreaksBehindTheDot,
    LetsNobodyWriteFromPlus,
    /// Somebody in between puts answers behind the consent to STARTTLS, for all that will be asked.
    AnswersBeforeTls,
    GreetsWithoutEnd,
}

/// A server of SMTP with a mood. What it takes for `mail.test` it hands on to the real one.
struct Moody {
    port: u16,
    visits: Arc<AtomicUsize>,
    taken: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl Moody {
    async fn start(post: &Post, mood: Mood) -> Self {
        let acceptor = acceptor(post);
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (visits, taken) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (seen, got, post) = (Arc::clone(&visits), Arc::clone(&taken), post.clone());
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                seen.fetch_add(1, Ordering::SeqCst);
                let (acceptor, post, got) = (acceptor.clone(), post.clone(), Arc::clone(&got));
                tokio::spawn(async move {
                    let stream = match mood {
                        Mood::AnswersBeforeTls => consent(stream).await,
                        Mood::GreetsWithoutEnd => return without_end(stream, &got).await,
                        _ => stream,
                    };
                    if let Ok(stream) = acceptor.accept(stream).await {
                        let _ = converse(BufReader::new(stream), mood, &post, &got).await;
                    }
                });
            }
        });
        Self { port, visits, taken, task }
    }

    fn visits(&self) -> usize {
        self.visits.load(Ordering::SeqCst)
    }

    fn taken(&self) -> usize {
        self.taken.load(Ordering::SeqCst)
    }
}

impl Drop for Moody {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What says that it is the mail server of the tests.
pub fn acceptor(post: &Post) -> TlsAcceptor {
    let chain = CertificateDer::pem_file_iter(post.ca.with_file_name("server.pem")).unwrap();
    let chain: Vec<CertificateDer<'static>> = chain.map(|one| one.unwrap()).collect();
    let key = PrivateKeyDer::from_pem_file(post.ca.with_file_name("server.key")).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

/// Consents to STARTTLS, and answers to everything that will be asked under TLS in the same packet.
async fn consent(stream: TcpStream) -> TcpStream {
    let mut stream = BufReader::new(stream);
    for answer in [
        "220 moody",
        "250-moody\r\n250 STARTTLS",
        "220 Go on\r\n250-moody\r\n250 AUTH PLAIN\r\n235 Welcome\r\n250 Go on\r\n250 Go on\r\n354 Go on\r\n250 I have it",
    ] {
        say(&mut stream, answer).await.unwrap();
        if !answer.contains("354") {
            stream.read_line(&mut String::new()).await.unwrap();
        }
    }
    stream.into_inner()
}

/// Greets until nobody listens any more, and counts how much of it was taken.
async fn without_end(mut stream: TcpStream, taken: &AtomicUsize) {
    while stream.write_all(&[b'x'; 4096]).await.is_ok() {
        taken.fetch_add(4096, Ordering::SeqCst);
    }
}

async fn converse<S>(mut stream: BufReader<S>, mood: Mood, post: &Post, taken: &AtomicUsize) -> std::io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let (mut from, mut to) = (String::new(), String::new());
    say(&mut stream, "220 moody").await?;
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let answer = match line.get(..4).unwrap_or_default() {
            "EHLO" => "250-moody\r\n250 AUTH PLAIN",
            "AUTH" if mood == Mood::RefusesSignIn => "535 5.7.8 Wrong",
            "AUTH" => "235 2.7.0 Welcome",
            "MAIL" if mood == Mood::LetsNobodyWriteFromPlus && line.contains('+') => "501 5.5.4 That is not you",
            "MAIL" => {
                from = named(&line);
                "250 2.1.0 Go on"
            }
            "RCPT" => {
                to = named(&line);
                "250 2.1.5 Go on"
            }
            "DATA" => {
                say(&mut stream, "354 Go on").await?;
                let mail = until_the_dot(&mut stream).await?;
                taken.fetch_add(1, Ordering::SeqCst);
                if mood == Mood::BreaksBehindTheDot {
                    return Ok(());
                }
                if to.ends_with("@mail.test") {
                    post.deliver(&from, &to, &mail).await;
                }
                "250 2.0.0 I have it"
            }
            "QUIT" if mood == Mood::SaysNoGoodbye => continue,
            _ => "221 2.0.0 Goodbye",
        };
        say(&mut stream, answer).await?;
    }
}

async fn say<W: AsyncWrite + Unpin>(stream: &mut W, line: &str) -> std::io::Result<()> {
    stream.write_all(format!("{line}\r\n").as_bytes()).await?;
    stream.flush().await
}

fn named(line: &str) -> String {
    line.split(['<', '>']).nth(1).unwrap_or_default().to_owned()
}

async fn until_the_dot<S: AsyncRead + Unpin>(stream: &mut BufReader<S>) -> std::io::Result<String> {
    let mut mail = String::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 || line == ".\r\n" {
            return Ok(mail);
        }
        mail.push_str(&line.replace("\r\n", "\n"));
    }
}

/// An answer that goes out by such a server, after its first try.
async fn answered(office: &Office, moody: &Moody) -> ConversationId {
    answered_by(office, moody, Security::Tls).await
}

async fn answered_by(office: &Office, moody: &Moody, security: Security) -> ConversationId {
    let address = format!("{}w@mail.test", office.address.split('@').next().unwrap());
    let mut settings = office.post.settings(&address);
    (settings.smtp.port, settings.smtp.security) = (moody.port, security);
    let channel = office.connect(settings).await;
    let _receiving = office.receive();
    office.connected(channel.id).await;
    let mail = letter("anna@sink.test", &address, "Hello", "", "Hi");
    office.post.deliver("anna@sink.test", &address, &mail).await;
    let conversation = office.conversations_when(channel.id, 1).await[0];
    office.world.reply(&office.world.owner, conversation, "Hello Anna").await.unwrap();
    after(office, 11_000).await;
    conversation
}

/// Lets time pass and does what is due.
async fn after(office: &Office, ms: i64) {
    office.world.wait(ms);
    office.work().await;
}

async fn delivery(office: &Office, conversation: ConversationId) -> Delivery {
    match &office.thread(conversation).await[1].entry {
        Entry::Outgoing { delivery, .. } => delivery.clone(),
        other => panic!("not outgoing: {other:?}"),
    }
}

async fn h9_a_refused_sign_in_fails_at_once(world: World) {
    let Some(office) = Office::open(world).await else { return };
    let moody = Moody::start(&office.post, Mood::RefusesSignIn).await;
    let conversation = answered(&office, &moody).await;
    let told = delivery(&office, conversation).await;
    assert_eq!((told.state, moody.visits()), (DeliveryState::Failed, 1), "{}", told.reason);
    for part in ["refuses the user or the password", "app password", "Settings → Channels"] {
        assert!(told.reason.contains(part), "{part}: {}", told.reason);
    }
    after(&office, 3_600_000).await;
    assert_eq!(moody.visits(), 1, "a retry would lock the account");
}

async fn r7_who_says_no_goodbye_has_the_mail_all_the_same(world: World) {
    let Some(office) = Office::open(world).await else { return };
    let moody = Moody::start(&office.post, Mood::SaysNoGoodbye).await;
    let conversation = answered(&office, &moody).await;
    let told = delivery(&office, conversation).await;
    assert_eq!((told.state, moody.taken()), (DeliveryState::Sent, 1), "{}", told.reason);
    after(&office, 3_600_000).await;
    assert_eq!(moody.taken(), 1);
}

async fn r7_a_line_that_breaks_behind_the_dot_is_for_a_person_in_the_end(world: World) {
    let Some(office) = Office::open(world).await else { return };
    let moody = Moody::start(&office.post, Mood::BreaksBehindTheDot).await;
    let conversation = answered(&office, &moody).await;
    for tries in 1..=2 {
        let told = delivery(&office, conversation).await;
        assert_eq!((told.state, moody.taken()), (DeliveryState::Sending, tries), "{}", told.reason);
        assert!(told.reason.ends_with("Tandem tries again automatically."), "{}", told.reason);
        after(&office, if tries == 1 { 60_000 } else { 48 * 3_600_000 }).await;
    }
    let told = delivery(&office, conversation).await;
    assert_eq!((told.state, moody.taken()), (DeliveryState::Unknown, 3), "{}", told.reason);
    assert!(told.reason.contains("Check whether it arrived"), "{}", told.reason);
}

async fn h9_plus_addresses_are_used_where_one_may_write_from_them(world: World) {
    let Some(office) = Office::open(world).await else { return };
    for (mood, takes_plus) in [(Mood::Fine, true), (Mood::LetsNobodyWriteFromPlus, false)] {
        let moody = Moody::start(&office.post, mood).await;
        let mut settings = office.post.settings(&office.address);
        settings.smtp.port = moody.port;
        let checked = office.email.check(office.world.workspace, &settings, &office.post.password).await;
        let good = checked.steps.iter().all(|step| matches!(step.outcome, StepOutcome::Good(_)));
        assert!(good, "{:?}", checked.steps);
        assert_eq!(checked.settings.takes_plus, takes_plus);
    }
}

async fn s56_answers_from_before_the_encryption_take_no_mail(world: World) {
    let Some(office) = Office::open(world).await else { return };
    let moody = Moody::start(&office.post, Mood::AnswersBeforeTls).await;
    let conversation = answered_by(&office, &moody, Security::StartTls).await;
    let told = delivery(&office, conversation).await;
    assert_ne!(told.state, DeliveryState::Sent, "{}", told.reason);
    assert_eq!(moody.taken(), 0);
    assert!(told.reason.contains("before the encryption began"), "{}", told.reason);
}

async fn s55_a_greeting_without_an_end_is_cut(world: World) {
    let Some(office) = Office::open(world).await else { return };
    let moody = Moody::start(&office.post, Mood::GreetsWithoutEnd).await;
    let conversation = answered_by(&office, &moody, Security::StartTls).await;
    let told = delivery(&office, conversation).await;
    assert_ne!(told.state, DeliveryState::Sent);
    assert!(told.reason.contains("a line of more than 2048 bytes"), "{}", told.reason);
    assert!(moody.taken() < 8 * 1024 * 1024, "{} bytes went into the socket", moody.taken());
}
