package engine

import (
	"context"
	"errors"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

const (
	lookEvery = 500 * time.Millisecond
	// Short for `requeued-<type>`: with each request the server looks through all that was stored since the last one.
	pullExpiry = 5 * time.Second
)

// consumers opens the three consumers of the job type.
func (r *runner) consumers(ctx context.Context) ([]jetstream.MessagesContext, error) {
	kind := r.jobType.Name
	wanted := []struct{ stream, name, filter string }{
		{"JOBS", "worker-" + kind, "jobs." + kind + ".*.created"},
		{"JOBS", "requeued-" + kind, "jobs." + kind + ".*.requeued"},
		{"TIMERS", "due-" + kind, "timers.due." + kind},
	}
	var opened []jetstream.MessagesContext
	for _, one := range wanted {
		config := jetstream.ConsumerConfig{
			Durable: one.name, FilterSubject: one.filter,
			AckWait: r.engine.AckWait, MaxAckPending: 10_000, MaxDeliver: -1,
		}
		if one.stream == "TIMERS" {
			config.MaxAckPending = 50_000
		}
		consumer, err := r.findConsumer(ctx, one.stream, config)
		if err != nil {
			return nil, err
		}
		messages, err := consumer.Messages(jetstream.PullMaxMessages(1), jetstream.PullExpiry(pullExpiry))
		if err != nil {
			return nil, err
		}
		opened = append(opened, messages)
	}
	return opened, nil
}

// findConsumer waits for a consumer, which the API creates. A server without users lets the worker create it.
func (r *runner) findConsumer(
	ctx context.Context, stream string, config jetstream.ConsumerConfig,
) (jetstream.Consumer, error) {
	if r.engine.CreatesConsumers {
		return r.engine.JS.CreateOrUpdateConsumer(ctx, stream, config)
	}
	for waiting := false; ; waiting = true {
		consumer, err := r.engine.JS.Consumer(ctx, stream, config.Durable)
		switch {
		case err == nil:
			r.ackWait = min(r.ackWait, consumer.CachedInfo().Config.AckWait)
			return consumer, nil
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case !errors.Is(err, jetstream.ErrConsumerNotFound):
			r.log.Warn("the consumer cannot be looked up", "consumer", config.Durable, "error", err)
		case !waiting:
			r.log.Warn("the consumer is missing: waiting until the API has created it", "consumer", config.Durable)
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(lookEvery):
		}
	}
}
