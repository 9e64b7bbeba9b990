package engine

import (
	"errors"
	"fmt"
	"time"

	"github.com/jobstream/jobstream/clients/go/internal/joblog"
	"github.com/jobstream/jobstream/clients/go/internal/protocol"
)

// claim starts an attempt, or settles the message when there is nothing to start.
func (r *runner) claim(call protocol.Call) (*attempt, error) {
	var watched time.Time
	job, err := r.stateFor(call)
	for err == nil {
		switch decision := protocol.Plan(job, call, r.engine.Clock.Now()); {
		case decision == protocol.Start || decision == protocol.Resume:
			started, failed := r.begin(decision, call, job)
			if !errors.Is(failed, joblog.ErrOvertaken) {
				return started, failed
			}
		case decision == protocol.Watch && !watched.Equal(job.OverAt()):
			// If the attempt has failed meanwhile, this may have replaced the timer of its retry: look again.
			watched = job.OverAt()
			if err := r.jobs.SetTimer(call, job, watched); err != nil {
				return nil, err
			}
		default:
			return nil, r.settle(decision, call, job)
		}
		job, err = r.jobs.ReadFresh(call)
	}
	return nil, err
}

// begin begins the next attempt, or goes on with the one that waits.
func (r *runner) begin(decision protocol.Decision, call protocol.Call, job *protocol.Job) (*attempt, error) {
	name, number := "JobStarted", job.Attempt+1
	if decision == protocol.Resume {
		name, number = "JobResumed", job.Attempt
	}
	data := protocol.Data{Attempt: number, Worker: r.engine.Worker, WorkerVersion: r.engine.Version}
	begun, err := r.jobs.Append(call, job, joblog.Entry{Name: name, Data: data})
	if err != nil {
		return nil, err
	}
	return newAttempt(r, call, begun), nil
}

// settle does what the protocol's table says of a call that starts no attempt.
func (r *runner) settle(decision protocol.Decision, call protocol.Call, job *protocol.Job) error {
	switch decision {
	case protocol.GiveUp:
		lost := protocol.JobError{Name: "WorkerLost", Message: fmt.Sprintf("worker %s stopped answering", job.Worker)}
		data := protocol.Data{Attempt: job.Attempt, Reason: "worker-lost", Error: &lost}
		if _, err := r.jobs.Append(call, job, joblog.Entry{Name: "JobFailed", Data: data}); err != nil {
			return err
		}
	case protocol.SetTimer:
		return r.leaveToTimer(call, job)
	case protocol.HandBack:
		return call.NakWithDelay(r.engine.AckWait)
	case protocol.Leave:
		return r.leaveToNewerWorker(call, job)
	}
	return call.Ack()
}

// leaveToTimer sets the timer of a job that waits, and looks at it once more: it may have been made due since, or a signal may have
// come, it may have run, and the timer may have replaced that of its next wait.
func (r *runner) leaveToTimer(call protocol.Call, job *protocol.Job) error {
	for {
		if err := r.jobs.SetTimer(call, job, job.CalledAt(r.engine.Clock.Now())); err != nil {
			return err
		}
		latest, err := r.jobs.ReadFresh(call)
		switch {
		case err != nil:
			return err
		case latest == nil || latest.HasEnded() || latest.Sequence <= job.Sequence:
			return call.Ack()
		case latest.Unreadable:
			return r.leaveToNewerWorker(call, latest)
		}
		job = latest
	}
}

// leaveToNewerWorker offers a job that waits by a new timer: a redelivery would look as if it had been left to its timer.
func (r *runner) leaveToNewerWorker(call protocol.Call, job *protocol.Job) error {
	r.log.Warn("the job has events that only newer workers understand", "job", call.JobID)
	waits := job.IsLeftToTimer() || job.Status == "" && call.Event == nil
	if !waits {
		return call.NakWithDelay(newerWait)
	}
	now := r.engine.Clock.Now()
	at := now.Add(newerWait)
	if called := job.CalledAt(now); called.After(at) {
		at = called
	}
	if err := r.jobs.SetTimer(call, job, at); err != nil {
		return err
	}
	return call.Ack()
}

// stateFor reads the job, but the first delivery of a job's first message is the whole history: there is nothing to read.
func (r *runner) stateFor(call protocol.Call) (*protocol.Job, error) {
	if call.IsWholeHistory() {
		return protocol.NewJob(*call.Event, call.Sequence), nil
	}
	return r.jobs.ReadFresh(call)
}
