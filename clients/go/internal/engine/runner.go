package engine

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/jobstream/jobstream/clients/go/internal/joblog"
	"github.com/jobstream/jobstream/clients/go/internal/protocol"
)

// newerWait is how long a job waits that only newer workers can read, before it is offered again.
const newerWait = 5 * time.Second

// runner runs the jobs of one type.
type runner struct {
	engine  *Engine
	jobType JobType
	jobs    *joblog.Log
	log     *slog.Logger
	slots   *slots
	serving sync.WaitGroup
	running sync.Map // of job ids to attempts

	newLanes chan struct{} // has something when the consumers of a priority may have been created
}

func newRunner(engine *Engine, jobType JobType) *runner {
	connection := joblog.Connection{
		NC: engine.NC, JS: engine.JS, Clock: engine.Clock, Worker: engine.Worker, Log: engine.Log,
	}
	return &runner{
		engine: engine, jobType: jobType, jobs: joblog.New(connection, jobType.Name),
		log: engine.Log.With("type", jobType.Name), slots: newSlots(jobType.Concurrency),
		newLanes: make(chan struct{}, 1),
	}
}

func (r *runner) run(ctx context.Context) error {
	sources := r.sources()
	opened, err := r.openAll(ctx, sources)
	if err != nil {
		return unlessStopped(ctx, err)
	}
	hints, err := r.engine.NC.Subscribe("jobs."+r.jobType.Name+".*.cancelled", func(hint *nats.Msg) {
		go r.abortIfMovedOn(jobIDIn(hint.Subject))
	})
	if err != nil {
		return err
	}
	defer hints.Unsubscribe()
	var taking sync.WaitGroup
	for index, from := range sources {
		taking.Go(func() { r.takeFrom(ctx, from, opened[index]) })
	}
	taking.Go(func() {
		r.watchLanes(ctx, func(from source, messages deliveries) {
			taking.Go(func() { r.takeFrom(ctx, from, messages) })
		})
	})
	r.log.Info("ready", "worker", r.engine.Worker)
	taking.Wait()
	r.serving.Wait()
	return nil
}

// unlessStopped ignores the error of a worker that was to end before its consumers were there.
func unlessStopped(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// takeFrom takes what the source delivers until the context ends, also from another consumer after the first was removed.
func (r *runner) takeFrom(ctx context.Context, from source, messages deliveries) {
	for ok := true; ok; messages, ok = r.openAgain(ctx, from) {
		r.take(ctx, from, messages)
		if ctx.Err() != nil {
			return
		}
	}
}

// take asks for one message at a time, and for the next when it has a slot: what waits here is kept alive. It returns
// when the context ends, and when the consumer was removed.
func (r *runner) take(ctx context.Context, from source, messages deliveries) {
	defer context.AfterFunc(ctx, messages.Drain)()
	for {
		msg, err := messages.Next()
		if errors.Is(err, jetstream.ErrMsgIteratorClosed) {
			return
		}
		if err != nil {
			r.log.Warn("the server does not deliver", "error", err)
			continue
		}
		stop := r.keepAlive(msg, messages.ackWait)
		r.slots.acquire(from.priority, from.stream+" "+from.config.Durable, pendingBehind(msg))
		r.serving.Go(func() {
			defer func() { stop(); r.slots.release() }()
			r.serve(ctx, msg)
		})
	}
}

// pendingBehind is how many messages waited in the consumer when it delivered this one.
func pendingBehind(msg jetstream.Msg) uint64 {
	meta, err := msg.Metadata()
	if err != nil {
		return 0
	}
	return meta.NumPending
}

func (r *runner) keepAlive(msg jetstream.Msg, ackWait time.Duration) (stop func()) {
	ctx, stop := context.WithCancel(context.Background())
	go func() {
		beat := time.NewTicker(ackWait / 3)
		defer beat.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-beat.C:
				_ = msg.InProgress()
			}
		}
	}()
	return stop
}

// serve takes a message from its arrival to its settlement. An acknowledgement that is lost makes the message come again.
func (r *runner) serve(ctx context.Context, msg jetstream.Msg) {
	if ctx.Err() != nil {
		_ = msg.Nak()
		return
	}
	call, err := protocol.ReadCall(msg, r.engine.Clock.Reached())
	switch {
	case err != nil:
		r.log.Error("malformed work message rejected", "subject", msg.Subject(), "error", err)
		_ = msg.Term()
		return
	case call.Event != nil && call.Event.Newer && protocol.IsChecked(msg.Headers(), call.Event):
		_ = msg.NakWithDelay(newerWait)
	case call.Event != nil && call.Event.Newer:
		_ = msg.Term()
	case call.Wait > 0:
		_ = msg.NakWithDelay(call.Wait)
	default:
		err = r.process(call)
	}
	if err != nil {
		r.log.Error("the message will be delivered again", "job", call.JobID, "error", err)
	}
}

func (r *runner) process(call protocol.Call) error {
	attempt, err := r.claim(call)
	if attempt != nil {
		err = attempt.run()
	}
	if !errors.Is(err, joblog.ErrOvertaken) {
		return err
	}
	r.log.Warn(err.Error(), "job", call.JobID)
	return r.settleOvertaken(call)
}

// settleOvertaken settles the message of an attempt without which the job has moved on. Not at all if another worker may
// hold the message or have handed it back: an acknowledgement would take it away.
func (r *runner) settleOvertaken(call protocol.Call) error {
	job, err := r.jobs.Read(call.JobID)
	switch {
	case err != nil:
		return err
	case job == nil:
		return call.Ack()
	case job.Status == "pending", job.Status == "processing":
		return nil
	case job.IsLeftToTimer(): // whoever left the job to its timer may have died before
		if err := r.jobs.SetTimer(call, job, job.CalledAt(r.engine.Clock.Now())); err != nil {
			return err
		}
	}
	return call.Ack()
}

// lookAtAll is for when the connection is back: a cancellation, or the first job of a priority, may have been missed.
func (r *runner) lookAtAll() {
	r.lookForLanes()
	for jobID := range r.running.Range {
		go r.abortIfMovedOn(jobID.(string))
	}
}

// abortIfMovedOn reads the job before it believes a hint, more than once: it may be readable only a moment later.
func (r *runner) abortIfMovedOn(jobID string) {
	for _, pause := range []time.Duration{0, 50, 200, 500, 1000} {
		time.Sleep(pause * time.Millisecond)
		running, here := r.running.Load(jobID)
		if !here {
			continue
		}
		attempt := running.(*attempt)
		job, err := r.jobs.Read(jobID)
		if err == nil && job != nil &&
			(job.Status != "processing" || job.Attempt != attempt.number || job.Worker != r.engine.Worker) {
			attempt.abort(ErrMovedOn)
			return
		}
	}
}
