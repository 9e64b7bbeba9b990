package engine

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/jobstream/jobstream/clients/go/internal/protocol"
)

const (
	lookEvery = 500 * time.Millisecond
	// A first worker of a type always waits a moment: only what lasts is worth a warning.
	warnAfterLooks = 20
	// Short for `requeued-<type>`: with each request the server looks through all that was stored since the last one.
	pullExpiry = 5 * time.Second
)

// source is a consumer from which calls for work come.
type source struct {
	stream   string
	config   jetstream.ConsumerConfig
	priority string // of its jobs: "high" or "low", empty for normal
}

// deliveries are the messages of a source, and how long it waits for their acknowledgement.
type deliveries struct {
	jetstream.MessagesContext
	ackWait time.Duration
}

// sources are the three consumers of the job type that deliver jobs of normal priority.
func (r *runner) sources() []source {
	kind := r.jobType.Name
	return []source{
		{stream: "JOBS", config: r.config("worker-"+kind, "jobs."+kind+".*.created", 10_000)},
		{stream: "JOBS", config: r.config("requeued-"+kind, "jobs."+kind+".*.requeued", 10_000)},
		{stream: "TIMERS", config: r.config("due-"+kind, protocol.TimerTarget(kind, ""), 50_000)},
	}
}

// signalled is the lane of signals, which the consumer of a type delivers from its first one on.
const signalled = "signalled"

// lateLanes are those whose consumers exist only from the type's first event there on.
func lateLanes() []string { return append(slices.Clone(protocol.Lanes), signalled) }

// sourcesOf are the two consumers that deliver the jobs of a priority other than normal, or the one that delivers signals.
func (r *runner) sourcesOf(lane string) []source {
	kind := r.jobType.Name
	if lane == signalled {
		return []source{{stream: "JOBS", config: r.config("calls-"+kind, "jobs."+kind+".*."+signalled, 10_000)}}
	}
	return []source{
		{stream: "JOBS", config: r.config(lane+"-"+kind, "jobs."+kind+".*."+lane, 10_000), priority: lane},
		{stream: "TIMERS", config: r.config(lane+"-"+kind, protocol.TimerTarget(kind, lane), 50_000), priority: lane},
	}
}

func (r *runner) config(name, filter string, maxAckPending int) jetstream.ConsumerConfig {
	return jetstream.ConsumerConfig{
		Durable: name, FilterSubject: filter, AckWait: r.engine.AckWait, MaxAckPending: maxAckPending, MaxDeliver: -1,
	}
}

func (r *runner) open(ctx context.Context, from source) (deliveries, error) {
	consumer, err := r.findConsumer(ctx, from.stream, from.config)
	if err != nil {
		return deliveries{}, err
	}
	return r.pullFrom(consumer)
}

func (r *runner) pullFrom(consumer jetstream.Consumer) (deliveries, error) {
	messages, err := consumer.Messages(jetstream.PullMaxMessages(1), jetstream.PullExpiry(pullExpiry))
	return deliveries{messages, min(r.engine.AckWait, consumer.CachedInfo().Config.AckWait)}, err
}

// openAll opens the sources in their order.
func (r *runner) openAll(ctx context.Context, sources []source) ([]deliveries, error) {
	var opened []deliveries
	for _, from := range sources {
		messages, err := r.open(ctx, from)
		if err != nil {
			return nil, err
		}
		opened = append(opened, messages)
	}
	return opened, nil
}

// openAgain opens a source whose consumer was removed while nobody seemed to need it, as soon as there is one again.
// It gives up when the context or the connection ends.
func (r *runner) openAgain(ctx context.Context, from source) (messages deliveries, ok bool) {
	r.log.Warn("the consumer was removed", "consumer", from.config.Durable)
	for ctx.Err() == nil && !r.engine.NC.IsClosed() {
		messages, err := r.open(ctx, from)
		if err == nil {
			return messages, true
		}
		if ctx.Err() == nil {
			r.log.Warn("the consumer cannot be opened", "consumer", from.config.Durable, "error", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(lookEvery):
		}
	}
	return deliveries{}, false
}

// findConsumer waits for a consumer, which the API creates. A server without users lets the worker create it.
func (r *runner) findConsumer(
	ctx context.Context, stream string, config jetstream.ConsumerConfig,
) (jetstream.Consumer, error) {
	if r.engine.CreatesConsumers {
		return r.engine.JS.CreateOrUpdateConsumer(ctx, stream, config)
	}
	for looks := 1; ; looks++ {
		consumer, err := r.engine.JS.Consumer(ctx, stream, config.Durable)
		switch {
		case err == nil:
			return consumer, nil
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case !errors.Is(err, jetstream.ErrConsumerNotFound):
			r.log.Warn("the consumer cannot be looked up", "consumer", config.Durable, "error", err)
		case looks == 2:
			r.log.Info("waiting until the API has created the consumer", "consumer", config.Durable)
		case looks == warnAfterLooks:
			r.log.Warn("the consumer is missing: still waiting until the API has created it", "consumer", config.Durable)
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(lookEvery):
		}
	}
}
