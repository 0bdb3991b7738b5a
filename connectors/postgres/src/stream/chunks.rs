//! Chunks of tables on their way through the stream: asked for, answered, published between two
//! transactions.

use super::decoder::{Sent, Step};
use super::reader::{End, Reader};
use super::tables::Aside;
use super::telling::Telling;
use crate::codes;
use crate::resnapshot::course::{Act, At, Course, Question, Read};
use crate::resnapshot::newcomers::told;
use crate::resnapshot::{Answer, Ask, Compare, Ends};
use async_channel::{Receiver, Sender};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncRead;
use tokio::time::{Instant, sleep_until};
use walbrook_core::batch::Lane;
use walbrook_core::checkpoint::{Part, Updates, put};
use walbrook_core::chunk::{Held, Window};
use walbrook_core::error::{Class, Error};
use walbrook_core::fault;
use walbrook_core::resnapshot::{Reason, State};
use walbrook_core::source::Request;

/// How often an idle server is asked how far its log is.
const LOOK: Duration = Duration::from_millis(50);

/// After how many looks its log is moved.
const PATIENCE: u32 = 4;

/// The stream's side of chunks.
pub(super) struct Chunks {
    requests: Receiver<Request>,
    asks: Sender<Ask>,
    answers: Receiver<Answer>,
    compare: Arc<dyn Compare>,
    /// Everything that committed before is told.
    reached: u64,
    /// Nothing is done with chunks until then.
    rests: Option<Instant>,
    /// Looks at an idle server since rows were read.
    looks: u32,
}

/// What there is beside the log.
pub(super) enum Heard {
    Request(Request),
    Answer(Answer),
    /// The log does not come to the place that is waited for.
    Still,
    /// A pause is over.
    Rested,
}

impl Chunks {
    pub(super) fn new(ends: Ends, at: u64) -> Self {
        let Ends { requests, asks, answers, compare, .. } = ends;
        Self { requests, asks, answers, compare, reached: at, rests: None, looks: 0 }
    }

    /// Everything that committed before `lsn` is told.
    #[inline]
    pub(super) fn reached(&mut self, lsn: u64) {
        self.reached = self.reached.max(lsn);
    }

    /// Waits for something beside the log. Cancelling loses nothing.
    pub(super) async fn hear(chunks: Option<&Self>, waits: bool) -> Heard {
        let Some(chunks) = chunks else { return std::future::pending().await };
        let rests = async {
            match chunks.rests {
                Some(until) => sleep_until(until).await,
                None => std::future::pending().await,
            }
        };
        let still = async {
            match waits {
                true => tokio::time::sleep(LOOK).await,
                false => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            Ok(request) = chunks.requests.recv() => Heard::Request(request),
            Ok(answer) = chunks.answers.recv() => Heard::Answer(answer),
            () = rests => Heard::Rested,
            () = still => Heard::Still,
            else => std::future::pending().await,
        }
    }

    fn ask(&self, ask: Ask) {
        // A desk that is gone says so by closing its answers; there is nothing else to do with it.
        drop(self.asks.try_send(ask));
    }
}

fn incomplete() -> Error {
    let message = "The log does not tell enough of a row that changed while its table was read.";
    Error::transient(codes::TABLE_REWRITTEN, message)
}

impl<R: AsyncRead + Unpin> Reader<'_, R> {
    /// Whether rows were read and the log has to go on before they can go out.
    pub(super) fn waits_for_log(&self) -> bool {
        self.decoder.course.as_ref().is_some_and(Course::waits_for_log)
    }

    /// Takes what was heard beside the log.
    pub(super) fn heard(&mut self, heard: Heard) {
        let (Some(chunks), Some(course)) = (&mut self.chunks, &mut self.decoder.course) else {
            return;
        };
        match heard {
            Heard::Request(Request::Plan { wish, answer }) => {
                chunks.ask(Ask::Plan { wish, answer });
            }
            Heard::Request(Request::Read(job)) => course.add(job),
            Heard::Request(Request::GiveUp(id)) => course.give_up(&id),
            Heard::Answer(answer) => course.answer(answer),
            Heard::Rested => chunks.rests = None,
            Heard::Still => {
                chunks.looks += 1;
                // The answer says how far the server has looked.
                self.asked.notify_one();
                if chunks.looks % 20 == PATIENCE {
                    chunks.ask(Ask::Nudge);
                }
            }
        }
    }

    /// Takes everything that there is beside the log, and does what follows from it.
    pub(super) async fn listen(&mut self) -> Result<(), End> {
        while let Some(chunks) = &self.chunks {
            let heard = match (chunks.requests.try_recv(), chunks.rests) {
                (Ok(request), _) => Heard::Request(request),
                (_, Some(until)) if Instant::now() >= until => Heard::Rested,
                _ => match chunks.answers.try_recv() {
                    Ok(answer) => Heard::Answer(answer),
                    Err(_) => break,
                },
            };
            self.heard(heard);
        }
        self.turn().await
    }

    /// Does what is to be done with chunks at this place of the log.
    pub(super) async fn turn(&mut self) -> Result<(), End> {
        loop {
            let (Some(chunks), Some(course)) = (&mut self.chunks, &mut self.decoder.course) else {
                return Ok(());
            };
            if course.is_quiet() || chunks.rests.is_some() {
                return Ok(());
            }
            let between = self.decoder.is_between();
            let Some(course) = &mut self.decoder.course else { return Ok(()) };
            match course.act(At { between, reached: chunks.reached }) {
                None => return Ok(()),
                Some(Act::Ask(ask)) => {
                    let opens = matches!(ask, Ask::Rows(_));
                    chunks.looks = 0;
                    chunks.ask(ask);
                    if opens {
                        fault::point("resnapshot.window_opened");
                    }
                }
                Some(Act::Pause(time)) => chunks.rests = Some(Instant::now() + time),
                Some(Act::Store(job)) => {
                    let mut updates = vec![put(Part::Resnapshot(job.wish.id.clone()), &job)];
                    if job.reason == Reason::NewTable && job.state == State::Stopped {
                        updates.extend(job.tables.keys().map(|name| told(name)));
                    }
                    self.store(updates).await?;
                }
                Some(Act::Whole(tables)) => {
                    self.store(tables.iter().map(|name| told(name)).collect()).await?;
                }
                Some(Act::Publish) => self.publish().await?,
            }
        }
    }

    /// Stores something beside rows.
    async fn store(&mut self, updates: Updates) -> Result<(), End> {
        self.outlet.send().await?;
        self.outlet.provide().await?;
        let Some(batch) = self.outlet.batch() else { return Err(End::Gone) };
        batch.lane = Some(Lane { number: 0, torn: false, updates });
        self.outlet.send().await?;
        Ok(())
    }

    /// Publishes the chunk that was read. It becomes visible whole, with the cursor behind it.
    async fn publish(&mut self) -> Result<(), End> {
        fault::point("resnapshot.rows_read");
        self.outlet.send().await?;
        let Some(course) = &mut self.decoder.course else { return Ok(()) };
        let Some(mut read) = course.take_read() else { return Ok(()) };
        let Some(relation) = read.rows.relation.take() else { return Ok(()) };
        let name = format!("{}.{}", relation.schema, relation.name);
        self.outlet.provide().await?;
        let Some(batch) = self.outlet.batch() else { return Err(End::Gone) };
        let (structure, select) = (read.rows.structure.take(), &read.rows.select);
        let aside = self.decoder.tables.aside(relation, structure, select, batch)?;
        let rows = self.rows(&mut read, aside).await?;
        let Some(course) = &mut self.decoder.course else { return Ok(()) };
        let Some(job) = course.published(&name, rows) else { return Ok(()) };
        self.outlet.provide().await?;
        let Some(batch) = self.outlet.batch() else { return Err(End::Gone) };
        let mut updates = vec![put(Part::Resnapshot(job.wish.id.clone()), &job)];
        if job.reason == Reason::NewTable && read.last {
            updates.push(told(&name));
        }
        batch.lane = Some(Lane { number: 0, torn: false, updates });
        self.outlet.send().await?;
        fault::point("resnapshot.chunk_published");
        Ok(())
    }

    /// Writes the rows of a chunk, those of the window over those that were read. The last batch is
    /// not handed over. Answers how many there are.
    async fn rows(&mut self, read: &mut Read, aside: Aside) -> Result<u64, End> {
        let mut telling = Telling::new(read);
        let mut begin = 0;
        for place in 0..read.rows.ends.len() {
            let end = read.rows.ends.get(place).copied().unwrap_or(begin);
            self.room(&mut telling).await?;
            let line = read.rows.lines.get(begin..end).unwrap_or_default();
            self.line(&mut telling, aside, line, read.window.as_mut())?;
            begin = end;
        }
        if let Some(window) = &mut read.window
            && read.reason == Reason::NewTable
        {
            for held in window.rest().map_err(|_| incomplete())? {
                self.room(&mut telling).await?;
                let Some(batch) = self.outlet.batch() else { return Err(End::Gone) };
                let image = window.write(batch, held, None);
                telling.push(&self.decoder, batch, window.layout(), image);
            }
        }
        Ok(telling.count())
    }

    /// Hands a full batch over; what comes after it belongs to it.
    async fn room(&mut self, telling: &mut Telling) -> Result<(), End> {
        if let Some(batch) = self.outlet.batch()
            && batch.is_full()
        {
            batch.lane = Some(Lane { number: 0, torn: true, updates: Vec::new() });
            self.outlet.send().await?;
            fault::point("resnapshot.mid_chunk");
        }
        if self.outlet.provide().await? {
            telling.new_batch();
        }
        Ok(())
    }

    /// Writes one row.
    fn line(
        &mut self,
        telling: &mut Telling,
        aside: Aside,
        line: &[u8],
        window: Option<&mut Window>,
    ) -> Result<(), End> {
        let Some(batch) = self.outlet.batch() else { return Err(End::Gone) };
        let mark = (batch.bytes.len(), batch.cells.len());
        let (image, layout) = loop {
            let Some(table) = self.decoder.tables.writer(aside) else { return Ok(()) };
            match table.write_copy_line(batch, line) {
                Ok(image) => break (image, Arc::clone(&table.layout)),
                Err(error) => {
                    batch.bytes.truncate(mark.0);
                    batch.cells.truncate(mark.1);
                    let (layout, withholds) = (Arc::clone(&table.layout), table.withholds());
                    match self.decoder.tables.adapt_aside(aside, error) {
                        Ok(()) => {}
                        Err(error) if error.class == Class::Poison => {
                            let original = (!withholds).then_some(line);
                            telling.poison(&self.decoder, batch, &layout, error, original);
                            return Ok(());
                        }
                        Err(error) => return Err(error.into()),
                    }
                }
            }
        };
        let held = window.and_then(|window| Some((window.take(batch, image)?, window)));
        let (image, layout) = match held {
            None => (image, layout),
            Some((Held::Gone, _)) => {
                batch.bytes.truncate(mark.0);
                batch.cells.truncate(mark.1);
                return Ok(());
            }
            Some((Held::Row(held), window)) => {
                (window.write(batch, held, None), Arc::clone(window.layout()))
            }
            Some((Held::Over(held), window)) => {
                (window.write(batch, held, Some(image)), Arc::clone(window.layout()))
            }
        };
        telling.push(&self.decoder, batch, &layout, image);
        Ok(())
    }

    /// Asks the server how two keys relate, and handles the message again that wants to know.
    #[cold]
    pub(super) async fn again(
        &mut self,
        sent: Sent,
        payload: &[u8],
        mut question: Question,
    ) -> Result<(), End> {
        self.outlet.send().await?;
        loop {
            let Some(chunks) = &self.chunks else { return Ok(()) };
            let Question { columns, key, end } = question;
            let order = chunks.compare.compare(&columns, &key, &end).await?;
            if let Some(course) = &mut self.decoder.course {
                course.ordered(key, end, order);
            }
            if self.outlet.provide().await? {
                self.decoder.new_batch();
            }
            let Some(batch) = self.outlet.batch() else { return Err(End::Gone) };
            match self.decoder.handle(batch, sent, payload)? {
                Step::Order(next) => question = *next,
                Step::Done | Step::Said(_) | Step::Ended(_) | Step::Ask(_) => return Ok(()),
            }
        }
    }
}
