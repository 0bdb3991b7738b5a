//! Opens what events come from, and shows them as they come.

use super::decode::Decoder;
use super::output::Output;
use super::records::{self, Decoders};
use super::rows::Rows;
use super::{Args, Origin, Stop, source, within};
use crate::codes;
use crate::config::Server;
use crate::wiring::now_us;
use std::time::Duration;
use walbrook_core::change::Event;
use walbrook_core::error::{Error, Result};
use walbrook_core::source::{Message, SourceHandle};
use walbrook_kafka::consumer::{Consumer, ConsumerSettings, Incoming, Schemas};
use walbrook_kafka::registry::RegistrySettings;

/// How long the reading thread waits before it looks whether anybody still listens.
const MOMENT: Duration = Duration::from_millis(100);
/// How long a source may take to clean up behind itself.
const LEAVE: Duration = Duration::from_secs(5);

/// Shows the changes of a database until it fails or `asked` ends.
pub(super) async fn database(
    args: &Args,
    output: &mut Output,
    asked: impl Future<Output = ()>,
) -> Result<(), Stop> {
    let Origin::Database { url, tables, password, tls } = &args.from else { return Ok(()) };
    let source = source::open(url, tables, password.clone(), *tls).await?;
    let trace = match url.server {
        Server::Postgres => ", the slot goes with this command",
        Server::MySql | Server::MariaDb => "",
    };
    output.say(&format!("Changes of {url} from now on; nothing is stored{trace}. Ctrl-C ends."));
    let ended = tokio::select! {
        ended = follow(&source, args.idle, output) => ended,
        () = asked => Ok(()),
    };
    leave(&source).await;
    ended
}

/// Lets the source clean up behind itself: it ends once nobody listens.
async fn leave(source: &SourceHandle) {
    source.messages.close();
    source.spare.close();
    let gone = async {
        while source.messages.sender_count() > 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let _ = tokio::time::timeout(LEAVE, gone).await;
}

async fn follow(
    source: &SourceHandle,
    idle: Option<Duration>,
    output: &mut Output,
) -> Result<(), Stop> {
    let mut rows = Rows::new(&source.description);
    while let Ok(message) = within(idle, source.messages.recv()).await? {
        match message {
            Message::Batch(mut batch) => {
                for shown in rows.read(&batch, now_us()) {
                    output.event(&shown)?;
                }
                output.flush()?;
                let position = batch.events.iter().rev().find_map(|event| match event {
                    Event::End(position) | Event::Progress(position) => Some(position),
                    _ => None,
                });
                if let Some(position) = position {
                    (source.confirm)(position);
                }
                batch.clear();
                let _ = source.spare.try_send(batch);
            }
            Message::Snapshot(_) | Message::Snapshotting | Message::Streaming(_) => {}
            Message::Failed(error) => return Err(error.into()),
            Message::Finished => return Ok(()),
        }
    }
    Ok(())
}

/// Shows the records of a prefix's topics until it fails.
pub(super) async fn kafka(args: &Args, output: &mut Output) -> Result<(), Stop> {
    let Origin::Kafka { brokers, client, registry, prefix, from_beginning } = &args.from else {
        return Ok(());
    };
    let urls = registry.split(',').map(|url| url.trim().to_owned()).collect();
    let schemas = Schemas::new(&RegistrySettings { urls, auth: None, levels: None })?;
    let settings = ConsumerSettings {
        brokers: brokers.clone(),
        client: client.clone().into_iter().collect(),
        prefix: prefix.clone(),
        from_beginning: *from_beginning,
    };
    let (records, topics) = reader(settings).await?;
    let since = if *from_beginning { "from their beginning" } else { "from now on" };
    output.say(&format!(
        "{topics} topics of \"{prefix}\" at {brokers} {since}; new ones are added. Ctrl-C ends."
    ));
    let mut decoders = Decoders::new();
    loop {
        let record = match records.try_recv() {
            Ok(record) => Ok(record),
            Err(_) => {
                output.flush()?;
                within(args.idle, records.recv()).await?
            }
        };
        let Ok(record) = record else { return Ok(()) };
        let record = record?;
        let missing = learn(&record, &schemas, &mut decoders).await;
        output.event(&records::read(&record, prefix, &decoders, now_us()))?;
        for id in missing {
            decoders.remove(&id);
        }
    }
}

/// Fetches the schemas that `record` names and that are not known. Those that the registry does not
/// tell are answered: they are to be asked for again.
async fn learn(record: &Incoming, schemas: &Schemas, decoders: &mut Decoders) -> Vec<u32> {
    let mut missing = Vec::new();
    for data in [&record.key, &record.value].into_iter().flatten() {
        let Some((id, _)) = records::framed(data) else { continue };
        if decoders.contains_key(&id) {
            continue;
        }
        let decoder = match schemas.text(id).await {
            Ok(text) => Decoder::new(&text),
            Err(error) => {
                missing.push(id);
                Err(error.to_string())
            }
        };
        decoders.insert(id, decoder);
    }
    missing
}

type Records = async_channel::Receiver<Result<Incoming>>;

/// Starts the thread that reads; answers where its records come out, and the number of topics.
async fn reader(settings: ConsumerSettings) -> Result<(Records, usize)> {
    let (records, out) = async_channel::bounded(1024);
    let (opened, open) = async_channel::bounded(1);
    let read = move || {
        let mut consumer = match Consumer::open(settings) {
            Ok(consumer) => consumer,
            Err(error) => return drop(opened.send_blocking(Err(error))),
        };
        let _ = opened.send_blocking(Ok(consumer.topics().len()));
        while !records.is_closed() {
            let sent = match consumer.next(MOMENT) {
                Ok(None) => Ok(()),
                Ok(Some(record)) => records.send_blocking(Ok(record)),
                Err(error) => records.send_blocking(Err(error)),
            };
            if sent.is_err() {
                return;
            }
        }
    };
    let failed =
        |why: String| Error::transient(codes::THREAD, format!("The reader cannot run: {why}."));
    let thread = std::thread::Builder::new().name("tail".to_owned()).spawn(read);
    thread.map_err(|e| failed(e.to_string()))?;
    let topics = open.recv().await.map_err(|_| failed("it has ended".to_owned()))??;
    Ok((out, topics))
}
