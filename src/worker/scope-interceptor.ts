import type { ActivityInterceptorsFactory } from '@temporalio/worker';

const FIELDS = ['cluster', 'region', 'operation', 'traceId'] as const;

/** Puts the scope that comes with every activity's input on each of its log lines, so that one id finds a whole operation. */
export const scopeInterceptor: ActivityInterceptorsFactory = () => {
  let scope: Record<string, string> = {};
  return {
    inbound: {
      execute: (input, next) => {
        scope = scopeOf(input.args[0]);
        return next(input);
      },
    },
    outbound: { getLogAttributes: (input, next) => next({ ...input, ...scope }) },
  };
};

/** The scope's fields of an activity's input; what is no scope has none. */
export function scopeOf(input: unknown): Record<string, string> {
  if (typeof input !== 'object' || input === null) return {};
  const scope: Record<string, string> = {};
  for (const field of FIELDS) {
    const value = (input as Record<string, unknown>)[field];
    if (typeof value === 'string') scope[field] = value;
  }
  return scope;
}
