package joblog

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/jobstream/jobstream/clients/go/internal/protocol"
)

const (
	appendTries     = 100
	publishTimeout  = 5 * time.Second
	unansweredPause = 250 * time.Millisecond
)

// ErrOvertaken says that another writer has moved the job on: nothing more may be appended for this attempt.
var ErrOvertaken = errors.New("the job has moved on without this attempt")

// TimeOf is now. An attempt that a timer or a signal began is not before the time of that, however well the clock is measured.
func (l *Log) TimeOf(call protocol.Call) time.Time {
	now := l.clock.Now()
	if earliest := call.NotBefore(); earliest.After(now) {
		return earliest
	}
	return now
}

// Entry is an event that is to be appended.
type Entry struct {
	Name string
	At   time.Time // the zero value is TimeOf
	Data protocol.Data
}

// Append appends one event, also behind what does not end the attempt, and returns the job after it; ErrOvertaken if the job moved on.
// While the server does not answer, it goes on trying.
func (l *Log) Append(call protocol.Call, job *protocol.Job, entry Entry) (*protocol.Job, error) {
	event := l.event(call, job, entry)
	expected := job.Sequence
	for range appendTries {
		sequence, err := l.store(call, event, expected)
		if err == nil {
			return job.After(event, sequence), nil
		}
		if !errors.Is(err, ErrOvertaken) {
			return nil, err
		}
		found, failed := l.Read(call.JobID)
		switch {
		case failed != nil:
			return nil, failed
		case found == nil || found.Sequence <= expected:
			return nil, ErrOvertaken
		case hasRecorded(entry, found) && found.IsSameAttempt(job): // an earlier try, which the job was carried behind
			found.RunID = job.RunID
			return found, nil
		case found.Version > job.Version && found.IsSameAttempt(job):
			found.RunID = job.RunID
			job, event.Version = found, found.Version+1
		case found.Version != job.Version:
			return nil, ErrOvertaken
		}
		expected = found.Sequence
	}
	return nil, ErrOvertaken
}

// hasRecorded tells whether the job has the steps already that the entry is about.
func hasRecorded(entry Entry, found *protocol.Job) bool {
	return entry.Data.From != nil && found.StepsRecorded > *entry.Data.From
}

func (l *Log) event(call protocol.Call, job *protocol.Job, entry Entry) protocol.Event {
	at := entry.At
	if at.IsZero() {
		at = l.TimeOf(call)
	}
	return protocol.Event{
		V: 1, ID: rand.Text(), Event: entry.Name, JobID: call.JobID, JobType: l.jobType, Version: job.Version + 1,
		At: at.UTC().Truncate(time.Millisecond), Actor: protocol.Actor{Kind: "worker", ID: l.worker},
		CausationID: call.Cause(), Tenant: job.Created.Tenant, Data: entry.Data,
	}
}

func (l *Log) store(call protocol.Call, event protocol.Event, expected uint64) (uint64, error) {
	body, err := json.Marshal(event)
	if err != nil {
		return 0, err
	}
	msg := &nats.Msg{Subject: event.Subject(), Data: body, Header: headerOf(call)}
	msg.Header.Set(protocol.HeaderCompared, protocol.Filter(l.jobType, call.JobID))
	msg.Header.Set(protocol.HeaderExpected, strconv.FormatUint(expected, 10))
	sequence, tries, err := l.publish(msg)
	if conflicts(err) {
		return l.storedBefore(event, tries)
	}
	return sequence, err
}

// storedBefore finds our own event, which may be what is in the way after a try whose answer was lost.
func (l *Log) storedBefore(event protocol.Event, tries int) (uint64, error) {
	if tries == 1 {
		return 0, ErrOvertaken
	}
	history, err := l.history(event.JobID)
	if err != nil {
		return 0, err
	}
	for _, record := range history {
		if record.Event != nil && record.ID == event.ID {
			return record.Sequence, nil
		}
	}
	return 0, ErrOvertaken
}

// SetTimer makes the server call for work on the job at this time, on the way of its priority. Idempotent: a job has one
// timer.
func (l *Log) SetTimer(call protocol.Call, job *protocol.Job, at time.Time) error {
	priority := call.Priority
	if !job.IsUnknown() {
		priority = job.Priority
	}
	when := at.UTC().Format(time.RFC3339Nano)
	body, err := json.Marshal(map[string]string{"jobId": call.JobID, "jobType": l.jobType, "at": when})
	if err != nil {
		return err
	}
	msg := &nats.Msg{Subject: "timers.at." + l.jobType + "." + call.JobID, Data: body, Header: headerOf(call)}
	msg.Header.Set("Nats-Schedule", "@at "+when)
	msg.Header.Set("Nats-Schedule-Target", protocol.TimerTarget(l.jobType, priority))
	_, _, err = l.publish(msg)
	return err
}

// publish repeats what the server does not answer, and tells how often it tried; what the server refuses is an error.
func (l *Log) publish(msg *nats.Msg) (sequence uint64, tries int, err error) {
	for tries = 1; ; tries++ {
		ctx, cancel := context.WithTimeout(context.Background(), publishTimeout)
		ack, err := l.js.PublishMsg(ctx, msg)
		cancel()
		if err == nil {
			return ack.Sequence, tries, nil
		}
		if refused(err) {
			return 0, tries, err
		}
		l.log.Warn("the server does not answer", "error", err)
		time.Sleep(unansweredPause)
	}
}

func headerOf(call protocol.Call) nats.Header {
	header := nats.Header{}
	if traceparent := call.Traceparent(); traceparent != "" {
		header.Set("traceparent", traceparent)
	}
	return header
}

func refused(err error) bool {
	var apiError *jetstream.APIError
	return errors.Is(err, nats.ErrMaxPayload) || errors.As(err, &apiError) && apiError.Code != 503
}

func conflicts(err error) bool {
	var apiError *jetstream.APIError
	return errors.As(err, &apiError) && (apiError.ErrorCode == 10071 || apiError.ErrorCode == 10164)
}
