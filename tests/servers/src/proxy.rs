//! A proxy between a client and a server, that does to the bytes what networks do. It knows nothing of what they mean.

use std::fmt;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};

use crate::pause;
use crate::ports::Ports;

/// What becomes of the bytes of one direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Way {
    /// They pass.
    #[default]
    Open,
    /// They are swallowed: the sender sees an open connection.
    Lossy,
    /// They wait until the way is open again, and arrive then.
    Held,
}

/// Listens on a port of its own and connects each client to the server. Commands hold at once, for open connections and for new ones.
pub struct Proxy {
    shared: Arc<Shared>,
    port: u16,
    _ports: Ports,
}

struct Shared {
    target: SocketAddr,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    requests: Way,
    answers: Way,
    delay: Duration,
    /// Nobody is to listen, so that the system refuses new connections.
    refusing: bool,
    /// Nobody listens.
    refused: bool,
    ended: bool,
    open: Vec<[TcpStream; 2]>,
    /// Bytes that came from the server and were swallowed or held.
    kept_from_client: u64,
    /// Bytes that came from clients and were swallowed or held.
    kept_from_server: u64,
}

impl Proxy {
    /// A proxy to a port of loopback.
    ///
    /// # Panics
    /// When the system gives no port or thread.
    pub fn to(port: u16) -> Self {
        let ports = Ports::take();
        let own = ports.get(0);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, own)).expect("a port that was free");
        let shared = Arc::new(Shared {
            target: (Ipv4Addr::LOCALHOST, port).into(),
            state: Mutex::default(),
            changed: Condvar::new(),
        });
        let accepting = Arc::clone(&shared);
        spawn(move || accepting.listen(listener, own));
        Self { shared, port: own, _ports: ports }
    }

    /// Where clients reach it.
    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// What becomes of what clients send.
    pub fn requests(&self, way: Way) {
        self.shared.change(|state| state.requests = way);
    }

    /// What becomes of what the server sends.
    pub fn answers(&self, way: Way) {
        self.shared.change(|state| state.answers = way);
    }

    /// Swallows everything: connections are taken and stay open, and nothing comes through.
    pub fn black_hole(&self) {
        self.shared.change(|state| (state.requests, state.answers) = (Way::Lossy, Way::Lossy));
    }

    /// Each piece of either direction waits so long.
    pub fn delay(&self, delay: Duration) {
        self.shared.change(|state| state.delay = delay);
    }

    /// Ends all connections; new ones are refused, as by a machine where nobody listens.
    pub fn cut(&self) {
        self.refuse(true);
        self.end_connections();
    }

    /// Waits until the listener is gone, or is there again.
    fn refuse(&self, refusing: bool) {
        self.shared.change(|state| state.refusing = refusing);
        self.look_up();
        let mut state = self.shared.state.lock();
        while state.refused != refusing {
            self.shared.changed.wait(&mut state);
        }
    }

    /// One connection, so that the thread that accepts looks up.
    fn look_up(&self) {
        let _looked_up = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port));
    }

    /// Ends all connections; new ones are taken.
    pub fn end_connections(&self) {
        for stream in self.shared.state.lock().open.drain(..).flatten() {
            // The other side may have ended it already.
            let _ended = stream.shutdown(Shutdown::Both);
        }
    }

    /// Lets everything pass again. Connections that lost bytes are ended.
    pub fn mend(&self) {
        let lost = {
            let state = self.shared.state.lock();
            state.requests == Way::Lossy || state.answers == Way::Lossy
        };
        if lost {
            self.end_connections();
        }
        self.shared.change(|state| {
            (state.requests, state.answers, state.delay) = (Way::Open, Way::Open, Duration::ZERO);
        });
        self.refuse(false);
    }

    /// How many bytes from the server have not come through since the proxy was made.
    pub fn answers_kept(&self) -> u64 {
        self.shared.state.lock().kept_from_client
    }

    /// How many bytes from clients have not come through since the proxy was made.
    pub fn requests_kept(&self) -> u64 {
        self.shared.state.lock().kept_from_server
    }
}

impl Shared {
    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state.lock());
        self.changed.notify_all();
    }

    /// Listens, and does not while connections are to be refused, on one port all the time.
    fn listen(self: &Arc<Self>, mut listener: TcpListener, port: u16) {
        loop {
            self.accept(&listener);
            drop(listener);
            let mut state = self.state.lock();
            state.refused = true;
            self.changed.notify_all();
            while state.refusing && !state.ended {
                self.changed.wait(&mut state);
            }
            if state.ended {
                return;
            }
            listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).expect("the port that it had");
            state.refused = false;
            self.changed.notify_all();
        }
    }

    /// Takes connections until they are to be refused.
    fn accept(self: &Arc<Self>, listener: &TcpListener) {
        for client in listener.incoming() {
            {
                let state = self.state.lock();
                if state.ended || state.refusing {
                    return;
                }
            }
            let Ok(client) = client else { continue };
            // A server that is down ends what was begun: that of a proxy is no refusal.
            let Ok(server) = TcpStream::connect(self.target) else { continue };
            self.join(&client, &server);
        }
    }

    fn join(self: &Arc<Self>, client: &TcpStream, server: &TcpStream) {
        let cloned = |stream: &TcpStream| stream.try_clone().expect("a handle to a connection");
        for stream in [client, server] {
            // Small answers must not wait for more to send.
            let _best_effort = stream.set_nodelay(true);
        }
        self.state.lock().open.push([cloned(client), cloned(server)]);
        for (from, to, answers) in [(client, server, false), (server, client, true)] {
            let (shared, from, to) = (Arc::clone(self), cloned(from), cloned(to));
            spawn(move || shared.carry(from, to, answers));
        }
    }

    /// Carries one direction until either side ends.
    fn carry(&self, mut from: TcpStream, mut to: TcpStream, answers: bool) {
        let mut piece = vec![0; 64 * 1024];
        while let Ok(read @ 1..) = from.read(&mut piece) {
            if self.passes(answers, read) && to.write_all(&piece[..read]).is_err() {
                break;
            }
        }
        for stream in [from, to] {
            let _ended = stream.shutdown(Shutdown::Both);
        }
    }

    /// Whether a piece is to be passed on; waits as long as it is held.
    fn passes(&self, answers: bool, read: usize) -> bool {
        let mut state = self.state.lock();
        if !state.delay.is_zero() {
            let delay = state.delay;
            drop(state);
            pause(delay);
            state = self.state.lock();
        }
        let way = |state: &State| if answers { state.answers } else { state.requests };
        let first = way(&state);
        if first != Way::Open {
            let kept = if answers { &mut state.kept_from_client } else { &mut state.kept_from_server };
            *kept += read as u64;
        }
        while way(&state) == Way::Held && !state.ended {
            self.changed.wait(&mut state);
        }
        way(&state) != Way::Lossy && first != Way::Lossy
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.change(|state| state.ended = true);
        self.end_connections();
        self.look_up();
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Proxy").field(&self.port).finish()
    }
}

fn spawn(work: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new().name("proxy".into());
    thread.spawn(work).expect("the system must give a thread");
}
