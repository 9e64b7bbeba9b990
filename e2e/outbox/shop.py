"""A foreign application: it knows psycopg and SQL, and nothing else of Jobstream."""

import json
import os

import psycopg
from psycopg.types.json import Jsonb

ENQUEUE = "SELECT jobstream.enqueue('sleep', %s, %s)"
ORDER = "INSERT INTO public.orders (number, job_id) VALUES (%s, %s)"


def order(connection: psycopg.Connection, number: int, *, is_rolled_back: bool) -> str:
    options = {"tags": ["shop"], "idempotencyKey": f"order-{number}"}
    with connection.transaction():
        row = connection.execute(ENQUEUE, (Jsonb({"durationMs": 1}), Jsonb(options))).fetchone()
        assert row is not None
        connection.execute(ORDER, (number, row[0]))
        if is_rolled_back:
            raise psycopg.Rollback  # ends the block and is not passed on
    return str(row[0])


def refused(connection: psycopg.Connection) -> str:
    try:
        with connection.transaction():
            connection.execute(ENQUEUE, (Jsonb({}), Jsonb({"maxAttempts": 0})))
    except psycopg.errors.InvalidParameterValue as error:
        return str(error.diag.message_primary)
    return ""


with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as shop:
    jobs = {number: order(shop, number, is_rolled_back=number % 3 == 0) for number in range(30)}
    kept = [job for number, job in jobs.items() if number % 3 != 0]
    rolled_back = [job for number, job in jobs.items() if number % 3 == 0]
    print(json.dumps({"kept": kept, "rolledBack": rolled_back, "refused": refused(shop)}))
