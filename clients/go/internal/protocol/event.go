// Package protocol has the events of jobs, their fold, and what a call for work means: docs/worker-protocol.md.
package protocol

import (
	"encoding/base64"
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
const Version = SignalsProtocol

// The versions since which jobs have steps, since which attempts may wait without a worker, and since which for signals.
const (
	StepsProtocol   = 6
	WaitsProtocol   = 7
	SignalsProtocol = 8
)

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
	Priority    string          `json:"priority,omitempty"`

	Status    string     `json:"status,omitempty"`
	StartedAt *time.Time `json:"startedAt,omitempty"`
	StartedBy string     `json:"startedBy,omitempty"`

	From          *int   `json:"from,omitempty"`
	Steps         []Step `json:"steps,omitempty"`
	StepsRecorded int    `json:"stepsRecorded,omitempty"`
	Generation    int    `json:"generation,omitempty"`
	KeepSteps     bool   `json:"keepSteps,omitempty"`

	Until *time.Time `json:"until,omitempty"`
	RanMs *float64   `json:"ranMs,omitempty"`

	Name string `json:"name,omitempty"` // of a signal
	// Signals are names where an attempt is suspended, and signals where its job is carried.
	Signals json.RawMessage `json:"signals,omitempty"`
	Awaits  []string        `json:"awaits,omitempty"`
}

// Step is how a step of a job has ended: with an error, or with a result, of which there is none where its function returned
// nothing. A wait for a signal has the signal that it has read, or WaitsUntil while it has a time limit and none.
type Step struct {
	Name       string          `json:"name"`
	Key        *string         `json:"key,omitempty"`
	Result     json.RawMessage `json:"result,omitempty"`
	Error      *JobError       `json:"error,omitempty"`
	DurationMs int64           `json:"durationMs"`
	Signal     *SignalRead     `json:"signal,omitempty"`
	WaitsUntil *time.Time      `json:"waitsUntil,omitempty"`
}

// ID tells the steps of a job apart: no name and no key has a line break.
func (s Step) ID() string {
	if s.Key == nil {
		return s.Name
	}
	return s.Name + "\n" + *s.Key
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
	"JobCreatedWithPriority", "JobRequeuedWithPriority", "JobPriorityChanged", "JobStepsRecorded", "JobCarriedWithSteps",
	"JobSuspended", "JobResumed", "JobCarriedWaiting", "JobSignalled",
}

// Lanes are the priorities other than normal: their calls for work and timers go a way of their own.
var Lanes = []string{"high", "low"}

// byPriority tells of an event whether its subject ends with the priority.
func byPriority(name string) bool {
	return name == "JobCreatedWithPriority" || name == "JobRequeuedWithPriority"
}

// creates tells of an event whether a history may begin with it.
func creates(name string) bool { return name == "JobCreated" || name == "JobCreatedWithPriority" }

// carries tells of an event whether it has the whole state of the job: a history may begin with one, too.
func carries(name string) bool {
	return name == "JobCarried" || name == "JobCarriedWithSteps" || name == "JobCarriedWaiting"
}

// tokens has the last ones of the subjects of events whose names have several words.
var tokens = map[string]string{
	"JobRetryScheduled": "retry-scheduled", "JobDueNow": "due-now", "JobPayloadChanged": "payload-changed",
	"JobPriorityChanged": "priority-changed", "JobStepsRecorded": "steps-recorded", "JobCarriedWithSteps": "carried-with-steps",
	"JobCarriedWaiting": "carried-waiting",
}

// Subject is that of the event in the stream JOBS.
func (e Event) Subject() string {
	token := tokensOf(e.Event)[0]
	if byPriority(e.Event) {
		token = e.Data.Priority
	}
	return "jobs." + e.JobType + "." + e.JobID + "." + token
}

// tokensOf has the last tokens that the subjects of events with this name may have.
func tokensOf(name string) []string {
	if byPriority(name) {
		return Lanes
	}
	if token, ofTwoWords := tokens[name]; ofTwoWords {
		return []string{token}
	}
	return []string{strings.ToLower(strings.TrimPrefix(name, "Job"))}
}

// Lane is the priority of a job after this event, if the event says it: "high" or "low", empty for normal.
func (e Event) Lane() string {
	says := byPriority(e.Event) || carries(e.Event) || e.Event == "JobPriorityChanged"
	if says && slices.Contains(Lanes, e.Data.Priority) {
		return e.Data.Priority
	}
	return ""
}

// hasPossiblePriority tells whether an event that is about a priority has one that it may have.
func (e Event) hasPossiblePriority() bool {
	switch {
	case byPriority(e.Event):
		return slices.Contains(Lanes, e.Data.Priority)
	case e.Event == "JobPriorityChanged":
		return e.Data.Priority == "normal" || slices.Contains(Lanes, e.Data.Priority)
	}
	return true
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
	if err == nil && (event.Newer || event.ID == "" || event.Subject() != subject || !event.hasPossiblePriority()) {
		err = errors.New("not an event, or on the subject of another")
	}
	if err != nil {
		return nil, err
	}
	if creates(event.Event) && !IsFirst(header, &event) {
		return nil, errors.New("not the first event of its job")
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
		return slices.Contains(tokensOf(e.Event), token)
	}
	return !slices.ContainsFunc(eventNames, func(name string) bool { return slices.Contains(tokensOf(name), token) })
}

// IsFirst tells whether the event is a creation that the server has stored only because the job had none. A JobCreated may
// be compared with its own subject.
func IsFirst(header nats.Header, event *Event) bool {
	return creates(event.Event) && isComparedWithNothing(header, event)
}

func isComparedWithNothing(header nats.Header, event *Event) bool {
	filters := []string{"jobs.*." + event.JobID + ".>", Filter(event.JobType, event.JobID)}
	compared := header.Get(HeaderCompared)
	fits := slices.Contains(filters, compared) || event.Event == "JobCreated" && compared == ""
	return header.Get(HeaderExpected) == "0" && fits
}

// IsChecked tells whether the server has stored an event of a newer release only because it follows the job's last
// message, or is its first.
func IsChecked(header nats.Header, event *Event) bool {
	if creates(event.Event) {
		return IsFirst(header, event)
	}
	expected, err := strconv.ParseUint(header.Get(HeaderExpected), 10, 64)
	compared := header.Get(HeaderCompared)
	if err == nil && expected == 0 { // a newer release may begin jobs in other ways
		return !slices.Contains(eventNames, event.Event) && isComparedWithNothing(header, event)
	}
	return err == nil && compared == Filter(event.JobType, event.JobID)
}

// IsEncrypted tells whether the service has encrypted a payload or a result of the job: docs/privacy.md.
func IsEncrypted(content json.RawMessage, jobID string) bool {
	var sealed struct {
		JWE string `json:"$jwe"`
	}
	if json.Unmarshal(content, &sealed) != nil {
		return false
	}
	encoded, _, _ := strings.Cut(sealed.JWE, ".")
	text, err := base64.RawURLEncoding.DecodeString(encoded)
	var header struct{ Kid string }
	return err == nil && json.Unmarshal(text, &header) == nil && header.Kid == jobID
}
