package protocol

import (
	"encoding/json"
	"regexp"
	"slices"
	"time"
)

var signalName = regexp.MustCompile("^[A-Za-z][A-Za-z0-9_-]{0,63}$")

// Signal is a signal that a job was sent. Its id is that of the JobSignalled.
type Signal struct {
	ID      string          `json:"id"`
	Name    string          `json:"name"`
	Payload json.RawMessage `json:"payload"`
	At      time.Time       `json:"at"`
}

// SignalRead names the signal that a step has read.
type SignalRead struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// IsSignalName tells whether a signal may be called so.
func IsSignalName(name string) bool { return signalName.MatchString(name) }

// SignalNames is what a JobSuspended says of the signals by which the job is called earlier; nil for none.
func SignalNames(names []string) json.RawMessage {
	if len(names) == 0 {
		return nil
	}
	text, err := json.Marshal(names)
	if err != nil {
		panic(err) // texts are JSON
	}
	return text
}

// awaited are the names of the signals that a JobSuspended awaits; false if they cannot be read.
func (d Data) awaited() (names []string, ok bool) {
	return names, d.Signals == nil || json.Unmarshal(d.Signals, &names) == nil
}

// carried are the signals that no step has read of a job that was carried; false if they cannot be read.
func (d Data) carried() (signals []Signal, ok bool) {
	return signals, d.Signals == nil || json.Unmarshal(d.Signals, &signals) == nil
}

// suspend makes an attempt wait: for a signal that is there already not at all.
func (j *Job) suspend(event Event) {
	j.Status, j.RunAt, j.RanMs = "waiting", *event.Data.Until, *event.Data.RanMs
	j.Awaits, _ = event.Data.awaited()
	if slices.ContainsFunc(j.Signals, func(signal Signal) bool { return slices.Contains(j.Awaits, signal.Name) }) {
		j.RunAt = event.At
	}
}

// signal adds one that no step has read; a job that waits for it is due at once.
func (j *Job) signal(event Event, sequence uint64) {
	data := event.Data
	signal := Signal{ID: event.ID, Name: data.Name, Payload: data.Payload, At: event.At}
	j.Signals = append(slices.Clip(j.Signals), signal)
	j.Dispatches = append(slices.Clip(j.Dispatches), sequence)
	if j.Status == "waiting" && slices.Contains(j.Awaits, data.Name) && j.RunAt.After(event.At) {
		j.RunAt = event.At
	}
}

// takesSignal tells whether the job takes one: one that has ended does not.
func (j Job) takesSignal(event *Event) bool {
	return !j.HasEnded() && IsSignalName(event.Data.Name)
}

// withoutRead are the signals that are left when these steps have read theirs.
func withoutRead(signals []Signal, steps []Step) []Signal {
	return slices.DeleteFunc(slices.Clone(signals), func(signal Signal) bool {
		return slices.ContainsFunc(steps, func(step Step) bool { return step.Signal != nil && step.Signal.ID == signal.ID })
	})
}

// hasRead tells whether the job has as many unread signals of each name as the steps have read.
func (j Job) hasRead(steps []Step) bool {
	unread := countsOf(j.Signals)
	for _, step := range steps {
		if step.Signal == nil {
			continue
		}
		if unread[step.Signal.Name] == 0 {
			return false
		}
		unread[step.Signal.Name]--
	}
	return true
}

// isCarriedWith tells whether a carry has as many signals of each name as the job.
func (j Job) isCarriedWith(data Data) bool {
	carried, ok := data.carried()
	counts := countsOf(carried)
	for name, count := range countsOf(j.Signals) {
		ok = ok && counts[name] == count
	}
	return ok && len(carried) == len(j.Signals)
}

func countsOf(signals []Signal) map[string]int {
	counts := map[string]int{}
	for _, signal := range signals {
		counts[signal.Name]++
	}
	return counts
}
