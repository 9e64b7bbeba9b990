package protocol

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// maxEarly is by how much a timer may fire early on purpose.
const maxEarly = 30 * time.Second

// doubt is how much longer such a timer waits, since the worker that gets it next knows the time less exactly.
const doubt = 100 * time.Millisecond

var jobID = regexp.MustCompile("^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")

// Call is a message that calls for work on a job: its creation or requeue, a signal, or a timer that fired.
type Call struct {
	jetstream.Msg
	JobID    string
	Event    *Event // nil for a timer
	Sequence uint64
	Delivery int
	Priority string        // "high" or "low" if it came the way of such jobs: a hint, since the job may have got another priority
	FiredFor time.Time     // the time for which a timer was set, if the server fired it then, later, or early on purpose
	Wait     time.Duration // of a timer that was fired early: the rest of its time
}

// ReadCall reads a message when the server's clock has reached an instant; an error says that it is no call for work.
func ReadCall(msg jetstream.Msg, reached time.Time) (Call, error) {
	meta, err := msg.Metadata()
	if err != nil {
		return Call{}, err
	}
	call := Call{Msg: msg, Sequence: meta.Sequence.Stream, Delivery: int(meta.NumDelivered)}
	if meta.Stream != "JOBS" {
		return call.asTimer(meta.Timestamp, reached)
	}
	call.Event, err = Decode(msg.Subject(), msg.Data(), msg.Headers())
	if err == nil {
		call.JobID, call.Priority = call.Event.JobID, call.Event.Lane()
	}
	return call, err
}

func (c Call) asTimer(stored, reached time.Time) (Call, error) {
	var wake struct {
		JobID, JobType string
		At             time.Time
	}
	err := json.Unmarshal(c.Data(), &wake)
	for _, lane := range Lanes {
		if c.Subject() == TimerTarget(wake.JobType, lane) {
			c.Priority = lane
		}
	}
	if err == nil && (!jobID.MatchString(wake.JobID) || c.Subject() != TimerTarget(wake.JobType, c.Priority)) {
		err = errors.New("not a wake-up of a job of this type")
	}
	c.JobID = wake.JobID
	if early := wake.At.Sub(stored); early <= maxEarly {
		c.FiredFor = wake.At
		if early > 0 { // by design; that delivery does not count
			if rest := wake.At.Sub(reached); rest > 0 {
				c.Wait = min(early, rest) + doubt
			}
			c.Delivery = max(1, c.Delivery-1)
		}
	}
	return c, err
}

// TimerTarget is the subject to which the timers of a job type fire, of those jobs that have this priority.
func TimerTarget(jobType, priority string) string {
	return "timers." + cmp.Or(priority, "due") + "." + jobType
}

func (c Call) name() string {
	if c.Event == nil {
		return fmt.Sprintf("timer:%d", c.Sequence)
	}
	return c.Event.ID
}

// Cause is what the events of an attempt name as what they follow from.
func (c Call) Cause() string {
	if c.Delivery == 1 {
		return c.name()
	}
	return fmt.Sprintf("%s#%d", c.name(), c.Delivery)
}

// Traceparent is the trace context of what follows from the call; empty if there is none.
func (c Call) Traceparent() string { return c.Headers().Get("traceparent") }

// isSignal tells whether it is the message of a JobSignalled.
func (c Call) isSignal() bool { return c.Event != nil && c.Event.Event == "JobSignalled" }

// NotBefore is the time that has come for certain, whatever the clocks say: that of a timer that has fired, or of a signal.
func (c Call) NotBefore() time.Time {
	if c.isSignal() {
		return c.Event.At
	}
	return c.FiredFor
}

// hasStarted tells whether the last attempt says that it was started by this message, or has gone on with it.
func (c Call) hasStarted(job *Job) bool { return job.StartedBy != "" && c.DeliveryThatStarted(job) > 0 }

// DeliveryThatStarted tells by which delivery of this message the job's last attempt was started; 0 if it was another
// message.
func (c Call) DeliveryThatStarted(job *Job) int {
	name, delivery, numbered := strings.Cut(job.StartedBy, "#")
	switch {
	case job.StartedBy == "":
		return 1
	case name != c.name():
		return 0
	case !numbered:
		return 1
	}
	number, _ := strconv.Atoi(delivery)
	return number
}

// IsWholeHistory tells whether it is the first delivery of the job's first message.
func (c Call) IsWholeHistory() bool {
	return c.Event != nil && creates(c.Event.Event) && c.Delivery == 1
}

// isCopyIn tells whether a program that does not keep to the protocol has stored an event of the job once more.
func (c Call) isCopyIn(job *Job) bool {
	return c.Event != nil && c.Sequence > job.Dispatches[0] && !slices.Contains(job.Dispatches, c.Sequence)
}

// isOfOtherPriorityThan tells whether it was stored before the job got the priority that it has. Of an attempt that runs a
// timer tells nothing.
func (c Call) isOfOtherPriorityThan(job *Job) bool {
	if c.Event != nil {
		return c.Sequence < job.CalledFrom
	}
	return c.Priority != job.Priority && job.Status != "processing"
}

// Decision is what a call for work means.
type Decision int

// The decisions. Resume goes on with an attempt that has waited. Leave means: to a newer worker. Watch: a timer looks at the running attempt when it must be over.
const (
	Acknowledge Decision = iota
	Start
	Resume
	GiveUp
	SetTimer
	Watch
	HandBack
	Leave
)

// Plan tells what a call for work means for a job in this state, at this time of the server: the table in the protocol.
func Plan(job *Job, call Call, now time.Time) Decision {
	if job != nil && job.Unreadable {
		return Leave
	}
	if job == nil || job.HasEnded() || call.isCopyIn(job) {
		return Acknowledge
	}
	if call.Event != nil && call.Sequence < job.CalledFrom && !job.CallsAgain {
		return Acknowledge // a timer calls instead: the log is about to lose the message
	}
	if call.isSignal() && !call.hasStarted(job) && !job.WaitsUntil(call.NotBefore()) {
		return Acknowledge // a running attempt sees the signal itself, and a later one finds it
	}
	if call.isOfOtherPriorityThan(job) {
		if job.Status == "processing" {
			return Acknowledge
		}
		return SetTimer
	}
	switch {
	case job.IsLeftToTimer():
		return planWaiting(job, call, now)
	case job.Status == "processing":
		return planRunning(job, call)
	}
	return Start
}

// planWaiting starts no attempt on a message whose earlier holder may have set the timer, and may acknowledge it now. Of
// the timer of this very wait an earlier holder can only start the attempt, too.
func planWaiting(job *Job, call Call, now time.Time) Decision {
	isItsTimer := !call.FiredFor.IsZero() && !job.RunAt.After(call.FiredFor)
	if certain := call.NotBefore(); !certain.IsZero() {
		now = certain
	}
	if call.hasStarted(job) || call.Delivery > 1 && !isItsTimer || job.RunAt.After(now) {
		return SetTimer
	}
	if job.Status == "waiting" {
		return Resume
	}
	return Start
}

// planRunning has a timer look at the job again, when the attempt must be over, if another message started it.
func planRunning(job *Job, call Call) Decision {
	startedBy := call.DeliveryThatStarted(job)
	isOver := startedBy == 0 && !call.FiredFor.Before(job.OverAt())
	switch {
	case startedBy == 0 && !isOver && (call.Event != nil || call.Delivery > 1):
		return Watch
	case !isOver && call.Delivery <= max(1, startedBy):
		return HandBack
	case job.IsLastAttempt():
		return GiveUp
	}
	return Start
}
