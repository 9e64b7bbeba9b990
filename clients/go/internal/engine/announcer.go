package engine

import (
	"context"
	"encoding/json"
	"os"
	"runtime"
	"slices"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/jobstream/jobstream/clients/go/internal/protocol"
)

const (
	beatEvery       = 4 * time.Second
	announceEvery   = time.Hour
	announceTimeout = 2 * time.Second
	runsListed      = 100
)

// identity is what announcements and heartbeats begin with.
type identity struct {
	V         int       `json:"v"`
	Worker    string    `json:"worker"`
	Host      string    `json:"host"`
	StartedAt time.Time `json:"startedAt"`
	Name      string    `json:"name"`
	Version   string    `json:"version,omitempty"`
}

type announcement struct {
	identity
	Type          string                     `json:"type"`
	PayloadSchema json.RawMessage            `json:"payloadSchema,omitempty"`
	ResultSchema  json.RawMessage            `json:"resultSchema,omitempty"`
	Signals       map[string]json.RawMessage `json:"signals,omitempty"`
	Limits        limits                     `json:"limits"`
	AckWaitMs     int64                      `json:"ackWaitMs"`
	Defaults      json.RawMessage            `json:"defaults,omitempty"`
	StoppedAt     *time.Time                 `json:"stoppedAt,omitempty"`
}

type limits struct {
	Concurrency int `json:"concurrency"`
}

type heartbeat struct {
	identity
	Protocol     int          `json:"protocol"`
	Pid          int          `json:"pid"`
	Runtime      string       `json:"runtime"`
	Types        []string     `json:"types"`
	Stopping     bool         `json:"stopping,omitempty"`
	RunningCount int          `json:"runningCount"`
	Running      []runningJob `json:"running"`
}

type runningJob struct {
	JobID     string    `json:"jobId"`
	Type      string    `json:"type"`
	Attempt   int       `json:"attempt"`
	RunID     string    `json:"runId"`
	StartedAt time.Time `json:"startedAt"`
}

// announcer reports the job types and the worker to the API. These are hints: what fails is left to the next time.
type announcer struct {
	engine    *Engine
	identity  identity
	announced time.Time
	failing   bool
}

func newAnnouncer(e *Engine) *announcer {
	return &announcer{engine: e, identity: identity{
		V: 1, Worker: e.Worker, Host: e.Host, StartedAt: e.Clock.Now().UTC(), Name: e.Name, Version: e.Version,
	}}
}

// run reports until the worker has ended.
func (a *announcer) run(ctx context.Context, ended <-chan struct{}) {
	stopping := ctx.Done()
	for {
		a.announce()
		a.beat(ctx.Err() != nil)
		a.engine.Clock.Keep()
		select {
		case <-ended:
			a.beat(true)
			a.announceEnd()
			return
		case <-stopping:
			stopping = nil // the first heartbeat with `stopping` does not wait for its time
		case <-time.After(beatEvery):
		}
	}
}

func (a *announcer) announce() {
	if time.Since(a.announced) < announceEvery {
		return
	}
	for _, runner := range a.engine.runners {
		err := a.announceType(runner.jobType, nil)
		if err == nil {
			continue
		}
		if !a.failing {
			a.engine.Log.Warn("announcing failed: the API may not know this worker", "error", err)
		}
		a.failing = true
		return
	}
	a.announced, a.failing = time.Now(), false
}

// announceEnd says that the worker has ended in order; one that ends without that is taken for lost.
func (a *announcer) announceEnd() {
	at := a.engine.Clock.Now().UTC()
	for _, runner := range a.engine.runners {
		if err := a.announceType(runner.jobType, &at); err != nil {
			a.engine.Log.Debug("the end of this worker was not announced", "error", err)
			return
		}
	}
}

func (a *announcer) announceType(jobType JobType, stoppedAt *time.Time) error {
	body, err := json.Marshal(announcement{
		identity: a.identity, Type: jobType.Name,
		PayloadSchema: jobType.PayloadSchema, ResultSchema: jobType.ResultSchema,
		Limits: limits{jobType.Concurrency}, AckWaitMs: a.engine.AckWait.Milliseconds(),
		Defaults: jobType.Defaults, StoppedAt: stoppedAt, Signals: jobType.Signals,
	})
	if err != nil {
		return err
	}
	msg := &nats.Msg{Subject: "types." + jobType.Name + "." + a.engine.token(), Data: body, Header: nats.Header{}}
	msg.Header.Set("Nats-TTL", "24h")
	ctx, cancel := context.WithTimeout(context.Background(), announceTimeout)
	defer cancel()
	_, err = a.engine.JS.PublishMsg(ctx, msg)
	return err
}

func (a *announcer) beat(stopping bool) {
	running := a.running()
	beat := heartbeat{
		identity: a.identity, Protocol: protocol.Version, Pid: os.Getpid(), Runtime: "jobstream-go " + runtime.Version(),
		Types: []string{}, Stopping: stopping, RunningCount: len(running), Running: running[:min(len(running), runsListed)],
	}
	for _, runner := range a.engine.runners {
		beat.Types = append(beat.Types, runner.jobType.Name)
	}
	body, err := json.Marshal(beat)
	if err == nil {
		err = a.engine.NC.Publish("workers."+a.engine.token(), body)
	}
	if err != nil {
		a.engine.Log.Debug("no heartbeat", "error", err)
	}
}

// running lists what runs, oldest first.
func (a *announcer) running() []runningJob {
	running := []runningJob{}
	for _, runner := range a.engine.runners {
		for _, value := range runner.running.Range {
			job := value.(*attempt).state()
			running = append(running, runningJob{
				JobID: job.Created.JobID, Type: runner.jobType.Name,
				Attempt: job.Attempt, RunID: job.RunID, StartedAt: job.StartedAt,
			})
		}
	}
	slices.SortFunc(running, func(one, other runningJob) int { return one.StartedAt.Compare(other.StartedAt) })
	return running
}
