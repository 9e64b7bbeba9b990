// Package protocol has the events of jobs, their fold, and what a call for work means: docs/worker-protocol.md.
package protocol

import (
	"encoding/json"
	"errors"
	"math"
	mathrand "math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
)

// Version is that of the protocol, which heartbeats tell.
const Version = 4

// The headers by which the server compares an event with the job's last message.
const (
	HeaderExpected = "Nats-Expected-Last-Subject-Sequence"
	HeaderCompared = "Nats-Expected-Last-Subject-Sequence-Subject"
)

// Event is the body of every message about a job.
type Event struct {
	V           int       `json:"v"`
	ID          string    `json:"id"`
	Event       string    `json:"event"`
	JobID       string    `json:"jobId"`
	JobType     string    `json:"jobType"`
	Version     int       `json:"version"`
	At          time.Time `json:"at"`
	Actor       Actor     `json:"actor"`
	CausationID string    `json:"causationId,omitempty"`
	Tenant      string    `json:"tenant,omitempty"`
	Data        Data      `json:"data"`

	// Newer tells that only newer workers understand it.
	Newer bool `json:"-"`
}

// Actor is who has written an event.
type Actor struct {
	Kind string `json:"kind"`
	ID   string `json:"id"`
}

// Data has the fields of all events; each event uses a few.
type Data struct {
	Attempt       int             `json:"attempt,omitempty"`
	Worker        string          `json:"worker,omitempty"`
	WorkerVersion string          `json:"workerVersion,omitempty"`
	Percent       *float64        `json:"percent,omitempty"`
	Message       string          `json:"message,omitempty"`
	Result        json.RawMessage `json:"result,omitempty"`
	DurationMs    *int64          `json:"durationMs,omitempty"`
	Error         *JobError       `json:"error,omitempty"`
	RetryAt       *time.Time      `json:"retryAt,omitempty"`
	Reason        string          `json:"reason,omitempty"`
	Discarded     *int            `json:"discarded,omitempty"`

	Payload     json.RawMessage `json:"payload,omitempty"`
	MaxAttempts int             `json:"maxAttempts,omitempty"`
	TimeoutMs   int64           `json:"timeoutMs,omitempty"`
	Backoff     *Backoff        `json:"backoff,omitempty"`
	RunAt       *time.Time      `json:"runAt,omitempty"`
	Tags        []string        `json:"tags,omitempty"`

	Status    string     `json:"status,omitempty"`
	StartedAt *time.Time `json:"startedAt,omitempty"`
	StartedBy string     `json:"startedBy,omitempty"`
}

// JobError is the error of a failed attempt as the log keeps it.
type JobError struct {
	Name    string `json:"name"`
	Message string `json:"message"`
	Code    string `json:"code,omitempty"`
	Stack   string `json:"stack,omitempty"`
}

// Backoff says how long a retry waits.
type Backoff struct {
	Type       string  `json:"type"`
	DelayMs    float64 `json:"delayMs"`
	MaxDelayMs float64 `json:"maxDelayMs"`
	Jitter     float64 `json:"jitter"`
}

// After tells how long the job waits after its failed attempt: docs/job-lifecycle.md.
func (b Backoff) After(attempt int) time.Duration {
	ms := b.DelayMs
	if b.Type == "exponential" {
		ms = min(ms*math.Pow(2, float64(min(attempt-1, 64))), b.MaxDelayMs)
		ms *= 1 - b.Jitter*mathrand.Float64()
	}
	return time.Duration(math.Round(ms)) * time.Millisecond
}

var eventNames = []string{
	"JobCreated", "JobStarted", "JobProgressed", "JobCompleted", "JobRetryScheduled", "JobFailed", "JobCancelled",
	"JobRequeued", "JobDueNow", "JobPayloadChanged", "JobRevised", "JobReleased", "JobCarried",
}

// tokens has the last ones of the subjects of events whose names have several words.
var tokens = map[string]string{
	"JobRetryScheduled": "retry-scheduled", "JobDueNow": "due-now", "JobPayloadChanged": "payload-changed",
}

// Subject is that of the event in the stream JOBS.
func (e Event) Subject() string {
	token, ofTwoWords := tokens[e.Event]
	if !ofTwoWords {
		token = strings.ToLower(strings.TrimPrefix(e.Event, "Job"))
	}
	return "jobs." + e.JobType + "." + e.JobID + "." + token
}

// Filter matches the subjects of a job, exactly as every append must name it.
func Filter(jobType, jobID string) string { return "jobs." + jobType + "." + jobID + ".>" }

// Decode reads an event, which counts only on its own subject; one of a newer release is not looked into.
func Decode(subject string, data []byte, header nats.Header) (*Event, error) {
	var event Event
	err := json.Unmarshal(data, &event)
	event.Newer = event.V > 1 || event.V == 1 && !slices.Contains(eventNames, event.Event)
	if event.Newer && event.isNewerOn(subject) {
		return &event, nil
	}
	if err == nil && (event.Newer || event.ID == "" || event.Subject() != subject) {
		err = errors.New("not an event, or on the subject of another")
	}
	if err != nil {
		return nil, err
	}
	if event.Event == "JobCreated" && !IsFirst(header, &event) {
		return nil, errors.New("not the first JobCreated of its job")
	}
	return &event, nil
}

// isNewerOn tells whether an event of a newer release belongs on the subject: one that is unknown has none of the known
// ones.
func (e Event) isNewerOn(subject string) bool {
	token, own := strings.CutPrefix(subject, "jobs."+e.JobType+"."+e.JobID+".")
	if !own || e.Event == "" || e.Version == 0 || strings.Contains(token, ".") {
		return false
	}
	if slices.Contains(eventNames, e.Event) {
		return e.Subject() == subject
	}
	return !slices.ContainsFunc(eventNames, func(name string) bool {
		return Event{Event: name, JobType: e.JobType, JobID: e.JobID}.Subject() == subject
	})
}

// IsFirst tells whether the server has stored a JobCreated only because the job had none.
func IsFirst(header nats.Header, created *Event) bool {
	filters := []string{"", "jobs.*." + created.JobID + ".>", Filter(created.JobType, created.JobID)}
	return header.Get(HeaderExpected) == "0" && slices.Contains(filters, header.Get(HeaderCompared))
}

// IsChecked tells whether the server has stored an event of a newer release only because it follows the job's last
// message, or is its first.
func IsChecked(header nats.Header, event *Event) bool {
	if event.Event == "JobCreated" {
		return IsFirst(header, event)
	}
	expected, err := strconv.ParseUint(header.Get(HeaderExpected), 10, 64)
	compared := header.Get(HeaderCompared)
	if err == nil && expected == 0 { // a newer release may begin jobs in other ways
		return !slices.Contains(eventNames, event.Event) && compared != "" && IsFirst(header, event)
	}
	return err == nil && compared == Filter(event.JobType, event.JobID)
}
