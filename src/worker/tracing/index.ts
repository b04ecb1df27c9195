import { type Context, context, ROOT_CONTEXT, SpanKind, SpanStatusCode, TraceFlags, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { ApplicationFailure } from '@temporalio/common';
import type { ActivityInterceptorsFactory, InjectedSinks } from '@temporalio/worker';
import type { AwsCall } from '../../aws/clients.js';
import { detailOf } from '../../aws/failure.js';
import { redact } from '../../model/redact.js';
import type { EndedSpan } from '../../model/spans.js';
import type { SpanSinks } from '../../workflows/cluster/operation/spans.js';
import type { Provider } from './provider.js';

/** Tools of the worker for a trace of each operation: its steps, their activities, and the calls to AWS of these. */
export interface Tracing {
  sinks: InjectedSinks<SpanSinks>;
  activities: ActivityInterceptorsFactory;
  onCall(call: AwsCall): void;
  close(): Promise<void>;
}

/** Without a collector: makes nothing. The sink has to exist anyway. */
export const NO_TRACING: Tracing = {
  sinks: { spans: { ended: { fn: () => undefined } } },
  activities: () => ({}),
  onCall: () => undefined,
  close: async () => undefined,
};

export function createTracing({ tracer, ids, close }: Provider): Tracing {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const ended = (span: EndedSpan): void => {
    const { traceId, spanId, parentId, name, attributes, error } = span;
    const options = { attributes, startTime: new Date(span.startedAt), root: parentId === null };
    const made = ids.with({ traceId, spanId }, () => tracer.startSpan(name, options, below(traceId, parentId)));
    if (error !== null)
      made.setStatus({ code: SpanStatusCode.ERROR, message: redact(`${error.code}: ${error.message}`) });
    made.end(new Date(span.endedAt));
  };
  return {
    sinks: { spans: { ended: { fn: (_info, span) => ended(span) } } },
    activities: ({ info }) => ({
      inbound: {
        execute: async (input, next) => {
          const scope = tracedScope(input.args[0]);
          if (scope === null) return await next(input);
          const attributes = {
            'keelson.cluster': scope.cluster,
            'keelson.operation': scope.operation,
            'cloud.region': scope.region,
            'temporal.activity.attempt': info.attempt,
            'temporal.workflow.id': info.workflowExecution?.workflowId ?? '',
          };
          const parent = below(scope.traceId, scope.span);
          return await tracer.startActiveSpan(info.activityType, { attributes }, parent, async (span) => {
            try {
              return await next(input);
            } catch (error) {
              span.setStatus({ code: SpanStatusCode.ERROR, message: textOf(error) });
              throw error;
            } finally {
              span.end();
            }
          });
        },
      },
    }),
    onCall: ({ service, action, region, code, httpStatus, ms }) => {
      // A call outside of operations: the worker's own, or the region watch's.
      if (trace.getActiveSpan() === undefined) return;
      const endTime = Date.now();
      const span = tracer.startSpan(`${service}.${action}`, {
        kind: SpanKind.CLIENT,
        startTime: endTime - ms,
        attributes: {
          'rpc.system': 'aws-api',
          'rpc.service': service,
          'rpc.method': action,
          'cloud.region': region,
          ...(httpStatus !== undefined && { 'http.response.status_code': httpStatus }),
          ...(code !== null && { 'error.type': code }),
        },
      });
      if (code !== null) span.setStatus({ code: SpanStatusCode.ERROR, message: code });
      span.end(endTime);
    },
    close,
  };
}

function textOf(error: unknown): string {
  if (!(error instanceof ApplicationFailure)) return redact(String(error));
  const { code, message } = detailOf(error);
  return redact(`${code}: ${message}`);
}

/** Returns the context below a span of which only the ids are known. */
function below(traceId: string, spanId: string | null): Context {
  if (spanId === null) return ROOT_CONTEXT;
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags: TraceFlags.SAMPLED, isRemote: true });
}

const FIELDS = ['cluster', 'region', 'operation', 'traceId', 'span'] as const;

/** Returns the call context of an activity that belongs to an operation, or null. */
function tracedScope(input: unknown): Record<(typeof FIELDS)[number], string> | null {
  if (typeof input !== 'object' || input === null) return null;
  const scope = input as Record<string, unknown>;
  const isWhole = FIELDS.every((field) => typeof scope[field] === 'string' && scope[field] !== '');
  return isWhole ? (scope as Record<(typeof FIELDS)[number], string>) : null;
}
