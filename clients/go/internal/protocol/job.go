package protocol

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// grace is how long an attempt has after its timeout to record its outcome.
const grace = time.Minute

// longestTimer is by how much the timer of a job that waits is ahead at most: whoever it calls sets it again.
const longestTimer = time.Hour

// Job is the fold of a job's events, as far as a worker needs it.
type Job struct {
	Created   Event
	Sequence  uint64 // of the job's last message, which the next append must expect
	Version   int
	Status    string
	Attempt   int
	RunAt     time.Time
	StartedBy string
	Worker    string
	RunID     string
	StartedAt time.Time
	RanMs     float64 // for how long the attempt has run before its last wait; 0 for one that has not waited

	Priority string // "high" or "low", empty for normal

	Dispatches []uint64 // the sequences of its first event, and of each requeue and signal
	CalledFrom uint64   // the sequence of its last JobCarried or JobPriorityChanged: calls for work before it are obsolete
	CallsAgain bool     // whoever gets such a call sets a timer in its place: the job has got another priority
	Unreadable bool     // it has events that only newer workers understand: the rest may be wrong

	Steps         map[string]Step // its steps by their ids, each as it was recorded last; never changed in place
	StepsRecorded int             // one that ran again counts each time
	Generation    int             // how often another payload has dropped the steps

	Signals []Signal // those that no step has read, oldest first; never changed in place
	Awaits  []string // the names of the signals by which it is called while it waits
}

// Record is a message in the history of a job. It has no event if it is none: it counts for nothing, but the next append
// goes behind it.
type Record struct {
	*Event
	Sequence uint64
	// Previous is the sequence that its writer expected: that of the job's message before it.
	Previous uint64
	// Linked tells that the server has checked that, so that no message of the job is between the two.
	Linked bool
}

// Is tells whether the record is an event of this name.
func (r Record) Is(name string) bool {
	return r.Event != nil && !r.Event.Newer && r.Event.Event == name
}

// Carries tells whether the record is an event that has the whole state of the job.
func (r Record) Carries() bool {
	return r.Event != nil && !r.Event.Newer && carries(r.Event.Event)
}

func (r Record) isCreation() bool {
	return r.Event != nil && !r.Event.Newer && creates(r.Event.Event)
}

// Fold returns the job after its history; nil if it does not exist.
func Fold(history []Record) *Job {
	var job *Job
	for _, record := range history {
		switch {
		case record.Carries() && (job == nil || job.IsUnknown() || record.Version > job.Version+1):
			job = carriedJob(*record.Event, record.Sequence) // the log has lost events before it
		case record.isCreation() && job.IsUnknown():
			job = NewJob(*record.Event, record.Sequence)
		case job != nil && !job.IsUnknown() && job.precedes(record.Event):
			job = job.After(*record.Event, record.Sequence)
		case job != nil:
			job.Sequence = record.Sequence
		case record.isCreation():
			job = NewJob(*record.Event, record.Sequence)
		case record.Event != nil && record.Newer:
			job = &Job{Created: *record.Event, Sequence: record.Sequence, Version: record.Version, Unreadable: true}
		}
	}
	return job
}

// IsUnknown tells that nothing is known of the job but that a newer release has begun it.
func (j *Job) IsUnknown() bool {
	return j != nil && j.Status == ""
}

// NewJob returns the job with which a history begins: with a creation, or with a JobCarried where the log has lost
// events.
func NewJob(created Event, sequence uint64) *Job {
	if carries(created.Event) {
		return carriedJob(created, sequence)
	}
	job := Job{
		Created: created, Sequence: sequence, Version: 1, Status: "pending", Priority: created.Lane(),
		Dispatches: []uint64{sequence},
	}
	if runAt := created.Data.RunAt; runAt != nil {
		job.RunAt = *runAt
		if runAt.After(created.At) {
			job.Status = "scheduled"
		}
	}
	return &job
}

func carriedJob(carried Event, sequence uint64) *Job {
	data := carried.Data
	job := Job{
		Created: carried, Sequence: sequence, Version: carried.Version, Status: data.Status, Attempt: data.Attempt,
		StartedBy: data.StartedBy, Worker: data.Worker, Dispatches: []uint64{sequence}, CalledFrom: sequence,
		Priority: carried.Lane(), Steps: byID(data.Steps), StepsRecorded: data.StepsRecorded, Generation: data.Generation,
		Awaits: data.Awaits,
	}
	job.Signals, _ = data.carried()
	if data.RunAt != nil {
		job.RunAt = *data.RunAt
	}
	if data.StartedAt != nil {
		job.StartedAt = *data.StartedAt
	}
	if data.RanMs != nil {
		job.RanMs = *data.RanMs
	}
	return &job
}

// After returns the job after its next event.
func (j Job) After(event Event, sequence uint64) *Job {
	j.Sequence, j.Version = sequence, event.Version
	if event.Newer {
		j.Unreadable = true
		return &j
	}
	switch event.Event {
	case "JobStarted":
		j.begin(event)
		j.RanMs = 0
	case "JobResumed":
		j.begin(event)
	case "JobSuspended":
		j.suspend(event)
	case "JobSignalled":
		j.signal(event, sequence)
	case "JobRetryScheduled":
		j.Status, j.RunAt = "retrying", *event.Data.RetryAt
	case "JobDueNow":
		j.RunAt = event.At
	case "JobPayloadChanged", "JobRevised":
		j.change(event)
	case "JobReleased":
		j.Status, j.Attempt = "pending", j.Attempt-1
	case "JobRequeued", "JobRequeuedWithPriority":
		j.Status, j.Attempt, j.RunAt, j.StartedBy, j.RanMs = "pending", 0, time.Time{}, "", 0
		j.Priority = event.Lane() // a JobRequeued makes the job a normal one
		j.Dispatches = append(slices.Clip(j.Dispatches), sequence)
		j.Unreadable = j.Unreadable && event.Data.Discarded == nil
	case "JobCompleted", "JobFailed", "JobCancelled":
		j.Status = strings.ToLower(strings.TrimPrefix(event.Event, "Job"))
	case "JobStepsRecorded":
		steps := maps.Clone(j.Steps)
		if steps == nil {
			steps = map[string]Step{}
		}
		maps.Copy(steps, byID(event.Data.Steps))
		j.Steps, j.StepsRecorded = steps, j.StepsRecorded+len(event.Data.Steps)
		j.Signals = withoutRead(j.Signals, event.Data.Steps)
	case "JobCarried", "JobCarriedWithSteps", "JobCarriedWaiting":
		j.StartedBy, j.CalledFrom, j.CallsAgain = event.Data.StartedBy, sequence, false
	case "JobPriorityChanged":
		j.Priority, j.CalledFrom, j.CallsAgain = event.Lane(), sequence, true
	}
	return &j
}

// begin is for the run of an attempt that has begun, or goes on.
func (j *Job) begin(event Event) {
	j.Status, j.Attempt = "processing", event.Data.Attempt
	j.Worker, j.StartedBy = event.Data.Worker, event.CausationID
	j.RunID, j.StartedAt = event.ID, event.At
}

func byID(steps []Step) map[string]Step {
	known := make(map[string]Step, len(steps))
	for _, step := range steps {
		known[step.ID()] = step
	}
	return known
}

// change puts a payload that is given in the place of the first, and makes the job wait for a due time that is ahead.
func (j *Job) change(event Event) {
	if event.Data.Payload != nil {
		j.Created.Data.Payload = event.Data.Payload
	}
	if event.Event == "JobPayloadChanged" && !event.Data.KeepSteps {
		j.Steps, j.StepsRecorded, j.Generation = nil, 0, j.Generation+1
	}
	if event.Data.RunAt == nil {
		return
	}
	j.RunAt = *event.Data.RunAt
	if j.RunAt.After(event.At) {
		j.Status = "scheduled"
	}
}

// precedes tells whether the event is the job's next: others count for nothing.
func (j Job) precedes(event *Event) bool {
	if event == nil || event.Version != j.Version+1 {
		return false
	}
	switch {
	case event.Newer:
		return true
	case event.Event == "JobRetryScheduled":
		return event.Data.RetryAt != nil
	case event.Event == "JobSuspended":
		_, isWhole := event.Data.awaited()
		isWhole = isWhole && event.Data.Until != nil && event.Data.RanMs != nil
		return isWhole && j.Status == "processing" && j.Attempt == event.Data.Attempt
	case event.Event == "JobResumed":
		return j.Status == "waiting" && j.Attempt == event.Data.Attempt
	case carries(event.Event) && (event.Event == "JobCarriedWaiting") != (j.Status == "waiting"):
		return false
	case event.Event == "JobStepsRecorded":
		return j.Status == "processing" && j.Attempt == event.Data.Attempt &&
			event.Data.From != nil && *event.Data.From == j.StepsRecorded && j.hasRead(event.Data.Steps)
	case event.Event == "JobSignalled":
		return j.takesSignal(event)
	case event.Event == "JobCarriedWithSteps", event.Event == "JobCarriedWaiting":
		return event.Data.StepsRecorded == j.StepsRecorded && j.isCarriedWith(event.Data)
	}
	return true
}

// IsSameAttempt compares the name of the worker and the time, too: they tell attempts apart whose numbers are the same,
// as after a requeue.
func (j Job) IsSameAttempt(other *Job) bool {
	return !j.Unreadable && j.Status == "processing" && other.Status == "processing" &&
		j.Attempt == other.Attempt && j.Worker == other.Worker && j.StartedAt.Equal(other.StartedAt)
}

// OverAt is when the running attempt is over for certain, whatever has become of its worker.
func (j Job) OverAt() time.Time {
	return j.StartedAt.Add(j.TimeLeft() + grace)
}

// TimeLeft is how long the attempt may run from its last start on: what it ran before a wait counts, the wait does not.
func (j Job) TimeLeft() time.Duration {
	left := float64(j.Created.Data.TimeoutMs) - j.RanMs
	return time.Duration(max(1, left) * float64(time.Millisecond))
}

// CalledAt is when the timer of the job has to call for work on it, in the state that it is in.
func (j Job) CalledAt(now time.Time) time.Time {
	farthest := now.Add(longestTimer)
	switch {
	case j.Status == "processing":
		return j.OverAt()
	case j.RunAt.IsZero():
		return now
	case j.Status == "waiting" && j.RunAt.After(farthest):
		return farthest
	}
	return j.RunAt
}

// WaitsUntil tells whether the attempt has waited until now, and goes on.
func (j Job) WaitsUntil(now time.Time) bool { return j.Status == "waiting" && !j.RunAt.After(now) }

// IsLeftToTimer tells whether the job waits for a time.
func (j Job) IsLeftToTimer() bool {
	return slices.Contains([]string{"scheduled", "retrying", "waiting"}, j.Status)
}

// IsLastAttempt tells whether no other attempt may follow.
func (j Job) IsLastAttempt() bool { return j.Attempt >= j.Created.Data.MaxAttempts }

// HasEnded tells whether nothing can happen to the job any more, except a requeue.
func (j Job) HasEnded() bool {
	return slices.Contains([]string{"completed", "failed", "cancelled"}, j.Status)
}
