//! Mail over SMTP: the adapter behind [`market::mails::Mail`]. The only crate that knows lettre.
//!
//! It sends one mail at a time and keeps no state; what is to be sent, when and how often is the market's affair. To
//! send by another way, write another adapter of the port.

use std::{fmt, time::Duration};

use lettre::{
    AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::{Mailbox, header::ContentType},
    transport::smtp,
};
use market::mails::{Mail, Outgoing, Sending, Unsent};

/// How long the mail server may take for one mail. It is far less than a mail's lease.
const PATIENCE: Duration = Duration::from_mins(1);

/// Why mail cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum Wrong {
    #[error("the address of the mail server cannot be used")]
    Server(#[from] smtp::Error),
    #[error("the sender's address cannot be used")]
    Sender(#[from] lettre::address::AddressError),
}

/// A mail server that takes our mail.
pub struct Smtp {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    /// What stands after the @ of a mail's name.
    host: String,
}

impl fmt::Debug for Smtp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not the address of the server: it may hold a password.
        f.debug_struct("Smtp").field("from", &self.from).finish_non_exhaustive()
    }
}

impl Smtp {
    /// A server by its address, `smtp://` or `smtps://` with user and password where it wants them, and the sender, as in
    /// `Marketplace <mail@example.com>`. With `smtp://…?tls=required` the connection is encrypted before anything is said.
    pub fn new(url: &str, from: &str) -> Result<Self, Wrong> {
        let from: Mailbox = from.parse()?;
        let transport =
            AsyncSmtpTransport::<Tokio1Executor>::from_url(url)?.timeout(Some(PATIENCE)).build();
        Ok(Self { transport, host: from.email.domain().to_owned(), from })
    }

    fn message(&self, mail: Outgoing) -> Result<Message, String> {
        let to = mail.to.parse::<lettre::Address>().map_err(|error| error.to_string())?;
        Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            // A line break in a subject would be the next header; lettre encodes it, and nothing of ours has one.
            .subject(mail.subject.replace(['\r', '\n'], " "))
            .message_id(Some(format!("<{}@{}>", mail.id, self.host)))
            .header(ContentType::TEXT_PLAIN)
            .body(mail.text)
            .map_err(|error| error.to_string())
    }
}

impl Mail for Smtp {
    fn send(&self, mail: Outgoing) -> Sending<'_> {
        Box::pin(async move {
            let message = self.message(mail).map_err(|why| Unsent { for_good: true, why })?;
            match self.transport.send(message).await {
                Ok(_) => Ok(()),
                Err(error) => Err(Unsent { for_good: error.is_permanent(), why: said(&error) }),
            }
        })
    }
}

/// An error with what caused it, on one line.
fn said(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text.replace(['\r', '\n'], " ")
}

#[cfg(test)]
mod tests {
    use model::MailId;
    use tokio::{
        io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
        net::TcpListener,
    };

    use super::*;

    fn mail(to: &str) -> Outgoing {
        Outgoing {
            id: MailId::new(1_700_000_000_000, [7; 10]),
            to: to.to_owned(),
            subject: "Grüße\r\nBcc: evil@example.com".to_owned(),
            text: "First line\n.\nLast line: https://cmp.example/?token=abc".to_owned(),
        }
    }

    /// A mail server that takes one mail, or refuses its receiver with a code, and returns what it was told.
    async fn server(refuse: Option<&'static str>) -> (String, tokio::task::JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("smtp://{}", listener.local_addr().unwrap());
        let told = tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            let (read, mut write) = stream.into_split();
            let (mut lines, mut told) = (BufReader::new(read).lines(), String::new());
            write.write_all(b"220 ready\r\n").await.unwrap();
            let mut letter = false;
            while let Ok(Some(line)) = lines.next_line().await {
                told.push_str(&line);
                told.push('\n');
                let answer = if letter {
                    if line != "." {
                        continue;
                    }
                    letter = false;
                    "250 taken"
                } else if line.starts_with("RCPT") {
                    refuse.unwrap_or("250 fine")
                } else if line == "DATA" {
                    letter = true;
                    "354 go on"
                } else if line == "QUIT" {
                    break;
                } else {
                    "250 fine"
                };
                write.write_all(format!("{answer}\r\n").as_bytes()).await.unwrap();
                if letter || !line.starts_with("RCPT") || refuse.is_none() {
                    continue;
                }
                break;
            }
            told
        });
        (url, told)
    }

    #[tokio::test]
    async fn a_mail_arrives_whole_and_its_subject_is_no_header() {
        let (url, told) = server(None).await;
        let smtp = Smtp::new(&url, "Marketplace <mail@cmp.example>").unwrap();
        smtp.send(mail("ada@example.com")).await.unwrap();
        drop(smtp);
        let told = told.await.unwrap();
        assert!(told.contains("RCPT TO:<ada@example.com>"), "{told}");
        assert!(told.contains("Message-ID: <018bcfe5-6800-7707-8707-070707070707@cmp.example>"));
        assert!(told.contains("https://cmp.example/?token=3Dabc") || told.contains("?token=abc"));
        assert!(told.contains("\n..\n"), "a line with a full stop is not the end: {told}");
        assert!(!told.lines().any(|line| line.starts_with("Bcc:")), "{told}");
    }

    #[tokio::test]
    async fn refused_for_good_and_refused_for_now_are_told_apart() {
        for (code, for_good) in [("550 no such person", true), ("451 come back later", false)] {
            let (url, _told) = server(Some(code)).await;
            let smtp = Smtp::new(&url, "mail@cmp.example").unwrap();
            let unsent = smtp.send(mail("ada@example.com")).await.unwrap_err();
            assert_eq!(unsent.for_good, for_good, "{unsent:?}");
        }
        let smtp = Smtp::new("smtp://127.0.0.1:1", "mail@cmp.example").unwrap();
        assert!(!smtp.send(mail("ada@example.com")).await.unwrap_err().for_good);
        assert!(smtp.send(mail("not an address")).await.unwrap_err().for_good);
        assert!(Smtp::new("http://127.0.0.1", "mail@cmp.example").is_err());
    }
}
