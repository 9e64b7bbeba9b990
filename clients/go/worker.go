// Package jobstream creates background jobs of a Jobstream service, and runs them.
//
// A worker runs the jobs of the types that have a handler:
//
//	worker := jobstream.NewWorker(jobstream.WorkerOptions{Concurrency: 20})
//	jobstream.Handle(worker, "email", func(ctx context.Context, job *jobstream.Job[Email]) (Receipt, error) {
//		return send(ctx, job.Payload, job.ID)
//	})
//	err := worker.Run(ctx)
//
// A client creates them over HTTP:
//
//	client := jobstream.NewClient("http://127.0.0.1:3000", jobstream.ClientOptions{})
//	job, err := jobstream.Enqueue[Receipt](ctx, client, "email", Email{To: "user@example.com"})
//	receipt, err := job.Result(ctx)
package jobstream

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/jobstream/jobstream/clients/go/internal/engine"
	"github.com/jobstream/jobstream/clients/go/internal/protocol"
)

// WorkerOptions are the settings of a worker. What has its zero value comes from the environment variable, or else has
// the default.
type WorkerOptions struct {
	// Servers are the addresses of NATS servers, separated by commas. NATS_URL; default nats://127.0.0.1:4222.
	Servers string
	// User and Password may be in the address, too. NATS_USER, NATS_PASSWORD.
	User, Password string
	// Credentials is the path of a credentials file. NATS_CREDS.
	Credentials string
	// Name and Version are shown by GET /api/workers, and each attempt records the version. WORKER_NAME, default the host's
	// name; WORKER_VERSION or JOBSTREAM_RELEASE.
	Name, Version string
	// Concurrency is how many attempts of each job type run at once. WORKER_CONCURRENCY; default 10.
	Concurrency int
	// AckWait is after which time a silent worker loses its jobs to another. ACK_WAIT_MS; default 10 s.
	AckWait time.Duration
	// ShutdownGrace is how long running attempts may go on after a stop; then they are released, which uses up no
	// attempt. SHUTDOWN_GRACE_MS; default 10 s.
	ShutdownGrace time.Duration
	// SlotWait is how long a Sleep may have left and keep its slot; a longer one waits without a worker. SLOT_WAIT_MS; default 30 s.
	SlotWait time.Duration
	// NoErrorStacks keeps the stacks of panics out of the log. Set by ERROR_STACKS=false, too.
	NoErrorStacks bool
	// Logger takes the log lines; default slog.Default().
	Logger *slog.Logger
	// NATS are more options of the connection, such as nats.Secure.
	NATS []nats.Option
}

// Worker runs the jobs of the types that have a handler: see Handle.
type Worker struct {
	options  WorkerOptions
	problems []error // of options and handlers; Run returns them
	types    []engine.JobType
	// serversByDefault: neither the program nor the environment has an address.
	serversByDefault bool
	running          atomic.Bool
}

// NewWorker returns a worker, which connects when it runs. Run returns the mistakes in its options.
func NewWorker(options WorkerOptions) *Worker {
	worker := &Worker{options: options}
	o := &worker.options
	host, _ := os.Hostname()
	worker.serversByDefault = o.Servers == "" && os.Getenv("NATS_URL") == ""
	o.Servers = cmp.Or(o.Servers, os.Getenv("NATS_URL"), nats.DefaultURL)
	o.User, o.Password = cmp.Or(o.User, os.Getenv("NATS_USER")), cmp.Or(o.Password, os.Getenv("NATS_PASSWORD"))
	o.Credentials = cmp.Or(o.Credentials, os.Getenv("NATS_CREDS"))
	o.Name = cmp.Or(o.Name, os.Getenv("WORKER_NAME"), host)
	o.Version = cmp.Or(o.Version, os.Getenv("WORKER_VERSION"), os.Getenv("JOBSTREAM_RELEASE"))
	o.Logger = cmp.Or(o.Logger, slog.Default())
	o.Concurrency = cmp.Or(o.Concurrency, worker.number("WORKER_CONCURRENCY", 10))
	o.AckWait = cmp.Or(o.AckWait, time.Duration(worker.number("ACK_WAIT_MS", 10_000))*time.Millisecond)
	o.ShutdownGrace = cmp.Or(o.ShutdownGrace, time.Duration(worker.number("SHUTDOWN_GRACE_MS", 10_000))*time.Millisecond)
	o.SlotWait = cmp.Or(o.SlotWait, time.Duration(worker.number("SLOT_WAIT_MS", 30_000))*time.Millisecond)
	stacks := cmp.Or(os.Getenv("ERROR_STACKS"), "true")
	worker.check(stacks == "true" || stacks == "false", "expected ERROR_STACKS to be true or false, got: %q", stacks)
	o.NoErrorStacks = o.NoErrorStacks || stacks == "false"
	worker.check(o.Concurrency > 0, "expected Concurrency (WORKER_CONCURRENCY) to be positive, got: %d", o.Concurrency)
	inRange := o.AckWait >= 500*time.Millisecond && o.AckWait <= time.Hour
	worker.check(inRange, "expected AckWait (ACK_WAIT_MS) to be 500 ms to 1 h, got: %v", o.AckWait)
	worker.check(o.ShutdownGrace >= 0, "expected ShutdownGrace (SHUTDOWN_GRACE_MS) not to be negative, got: %v", o.ShutdownGrace)
	inRange = o.SlotWait >= 0 && o.SlotWait <= time.Hour
	worker.check(inRange, "expected SlotWait (SLOT_WAIT_MS) to be 0 to 1 h, got: %v", o.SlotWait)
	return worker
}

func (w *Worker) check(ok bool, format string, value any) {
	if !ok {
		w.problems = append(w.problems, fmt.Errorf(format, value))
	}
}

func (w *Worker) number(variable string, fallback int) int {
	text := os.Getenv(variable)
	if text == "" {
		return fallback
	}
	number, err := strconv.Atoi(text)
	w.check(err == nil, "expected "+variable+" to be a whole number, got: %q", text)
	return number
}

var jobTypeName = regexp.MustCompile("^[a-z][a-z0-9-]{0,62}$")

func (w *Worker) register(jobType engine.JobType) {
	isKnown := slices.ContainsFunc(w.types, func(known engine.JobType) bool { return known.Name == jobType.Name })
	w.check(!isKnown, "the job type %q has two handlers", jobType.Name)
	const expected = "expected a job type of 1 to 63 lower-case letters, digits and dashes, starting with a letter, got: %q"
	w.check(jobTypeName.MatchString(jobType.Name), expected, jobType.Name)
	w.check(jobType.Concurrency >= 0, "expected the concurrency of a job type not to be negative, got: %d", jobType.Concurrency)
	jobType.Concurrency = cmp.Or(jobType.Concurrency, w.options.Concurrency)
	w.types = append(w.types, jobType)
}

const mostSignals = 32

func (w *Worker) checkSignals(jobType engine.JobType) {
	const expected = "expected the name of a signal to be 1 to 64 letters, digits, dashes and underscores, starting with a letter, got: %q"
	for name := range jobType.Signals {
		w.check(protocol.IsSignalName(name), expected, name)
	}
	w.check(len(jobType.Signals) <= mostSignals, "expected at most 32 signals of a job type, got: %d", len(jobType.Signals))
}

// Run takes jobs until the context ends; then it gives running attempts ShutdownGrace, releases the others, and returns
// nil. Use signal.NotifyContext to stop at SIGTERM.
//
// It returns an error for mistakes in options and handlers, a *ConnectionError when the server cannot be reached at the
// start, an error when it is too old, and when a consumer cannot be used. Later it outlives outages of the server.
func (w *Worker) Run(ctx context.Context) error {
	if len(w.types) == 0 {
		w.check(false, "the worker has no handlers%s", "")
	}
	for _, sentence := range misspeltVariables(os.Environ()) {
		w.options.Logger.Warn(sentence)
	}
	if len(w.problems) > 0 {
		return errors.Join(w.problems...)
	}
	if !w.running.CompareAndSwap(false, true) {
		return errors.New("the worker runs already")
	}
	defer w.running.Store(false)
	nc, err := w.connect()
	if err != nil {
		return err
	}
	defer nc.Close()
	config, err := w.configure(nc)
	if err != nil {
		return err
	}
	running := engine.New(config, w.types)
	nc.SetReconnectHandler(func(*nats.Conn) { running.Reconnected() })
	return errors.Join(running.Run(ctx), nc.FlushTimeout(5*time.Second))
}

func (w *Worker) connect() (*nats.Conn, error) {
	options := []nats.Option{
		nats.Name(w.options.Name),
		nats.CustomInboxPrefix("_INBOX_worker"), // the only inbox on which a worker may hear answers
		nats.MaxReconnects(-1),
	}
	if w.options.User != "" {
		options = append(options, nats.UserInfo(w.options.User, w.options.Password))
	}
	if w.options.Credentials != "" {
		options = append(options, nats.UserCredentials(w.options.Credentials))
	}
	nc, err := nats.Connect(w.options.Servers, append(options, w.options.NATS...)...)
	if err != nil {
		w.options.Logger.Debug("could not connect to NATS", "err", err)
		return nil, connectionError(w.options.Servers, w.serversByDefault, err)
	}
	if !isSupported(nc.ConnectedServerVersion()) {
		nc.Close()
		return nil, errors.New("nats-server 2.14.4 or newer is needed: an older one ignores what keeps the log valid")
	}
	return nc, nil
}

func (w *Worker) configure(nc *nats.Conn) (engine.Config, error) {
	o := w.options
	js, err := jetstream.New(nc)
	if err != nil {
		return engine.Config{}, err
	}
	clock := protocol.NewServerClock(nc, o.Logger)
	if err := clock.Measure(); err != nil {
		return engine.Config{}, fmt.Errorf("measuring the clock of the server: %w", err)
	}
	classifier := classify
	if o.NoErrorStacks {
		classifier = withoutStack
	}
	host, _ := os.Hostname()
	return engine.Config{
		NC: nc, JS: js, Clock: clock, Log: o.Logger,
		Worker: fmt.Sprintf("%s-%d-%s", o.Name, os.Getpid(), rand.Text()[:6]),
		Host:   host, Name: o.Name, Version: o.Version, AckWait: o.AckWait, Grace: o.ShutdownGrace,
		SlotWait:         o.SlotWait,
		CreatesConsumers: o.User == "" && o.Credentials == "" && !strings.Contains(o.Servers, "@"),
		Classify:         classifier,
	}, nil
}

func isSupported(version string) bool {
	var major, minor, patch int
	_, err := fmt.Sscanf(version, "%d.%d.%d", &major, &minor, &patch)
	return err == nil && slices.Compare([]int{major, minor, patch}, []int{2, 14, 4}) >= 0
}
