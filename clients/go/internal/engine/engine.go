// Package engine runs attempts: it takes calls for work, claims jobs, runs handlers and records their outcomes.
package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/jobstream/jobstream/clients/go/internal/joblog"
	"github.com/jobstream/jobstream/clients/go/internal/protocol"
)

// Why the context of a handler ends: the causes that context.Cause tells.
var (
	ErrTimeout  = errors.New("the attempt took longer than the job allows")
	ErrShutdown = errors.New("the worker is shutting down")
	ErrMovedOn  = joblog.ErrOvertaken
)

// Handler does the work of one job type. It returns the result as JSON; nil is none.
type Handler func(ctx context.Context, run *Run) (json.RawMessage, error)

// Run is what a handler is told about the attempt that it runs.
type Run struct {
	Job         *protocol.Job // as it was when the attempt started
	Traceparent string
	Log         *slog.Logger
	// Progress reports how far the work is. It returns at once: of reports that come fast, the last wins.
	Progress func(data protocol.Data)
}

// PanicError is what a handler panicked with, and where.
type PanicError struct {
	Value any
	Stack string
}

func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v", e.Value) }

// Failure is what an error of a handler means for its job.
type Failure struct {
	Error protocol.JobError
	// Reason is why no other attempt can help, such as `unrecoverable`; empty if one can.
	Reason string
	// RetryAfter is the least time until the next attempt.
	RetryAfter time.Duration
}

// JobType is a job type and how it is run.
type JobType struct {
	Name          string
	Handler       Handler
	Concurrency   int
	PayloadSchema json.RawMessage
	ResultSchema  json.RawMessage
	// Defaults is what jobs get whose creators leave it out; nil if the type has no definition here.
	Defaults json.RawMessage
	// Signals are those that its jobs take, with the JSON Schemas of their payloads; nil: any payload.
	Signals map[string]json.RawMessage
}

// Config is what an engine works with.
type Config struct {
	NC    *nats.Conn
	JS    jetstream.JetStream
	Clock *protocol.ServerClock
	Log   *slog.Logger
	// Worker is a name that is unique to this start of the worker.
	Worker        string
	Host          string
	Name, Version string
	AckWait       time.Duration
	Grace         time.Duration
	// SlotWait is how long a sleep may have left and keep its slot.
	SlotWait time.Duration
	// CreatesConsumers tells that the server has no users, so that no API may be there to create them.
	CreatesConsumers bool
	Classify         func(error) Failure
}

// Engine runs the jobs of several types.
type Engine struct {
	Config
	runners []*runner
	live    *liveProcesses

	closing context.Context // ends when running attempts must end
	close   context.CancelCauseFunc
}

// New returns an engine for the job types. The clock must have been measured.
func New(config Config, jobTypes []JobType) *Engine {
	closing, closeAll := context.WithCancelCause(context.Background())
	engine := &Engine{Config: config, closing: closing, close: closeAll, live: &liveProcesses{nc: config.NC}}
	for _, jobType := range jobTypes {
		engine.runners = append(engine.runners, newRunner(engine, jobType))
	}
	return engine
}

// Run takes calls for work until the context ends, gives running attempts the grace time, and releases the rest.
func (e *Engine) Run(ctx context.Context) error {
	defer e.close(nil)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan struct{})
	var announcing sync.WaitGroup
	announcing.Go(func() { newAnnouncer(e).run(ctx, ended) })
	defer announcing.Wait()
	defer close(ended)
	grace := context.AfterFunc(ctx, func() {
		time.AfterFunc(e.Grace, func() { e.close(ErrShutdown) })
	})
	defer grace()
	failed := make(chan error, len(e.runners))
	for _, runner := range e.runners {
		go func() {
			err := runner.run(ctx)
			if err != nil {
				cancel() // the others must not go on without it
			}
			failed <- err
		}()
	}
	var err error
	for range e.runners {
		err = errors.Join(err, <-failed)
	}
	return err
}

// Reconnected is to be called when the connection is back: another server may answer, and a cancellation may have been
// missed.
func (e *Engine) Reconnected() {
	e.Clock.Doubt()
	for _, runner := range e.runners {
		runner.lookAtAll()
	}
}

var notInSubjects = regexp.MustCompile("[^A-Za-z0-9_-]")

// token is the name of the worker in subjects.
func (e *Engine) token() string { return notInSubjects.ReplaceAllString(e.Worker, "-") }

func jobIDIn(subject string) string {
	tokens := strings.Split(subject, ".")
	if len(tokens) < 3 {
		return ""
	}
	return tokens[2]
}
