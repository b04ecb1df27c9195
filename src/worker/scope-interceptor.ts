import type { ActivityInterceptorsFactory } from '@temporalio/worker';

const FIELDS = ['cluster', 'region', 'operation', 'traceId'] as const;

/** Puts the call context of every activity's input on each of its log lines, so that one id finds a whole operation. */
export const scopeInterceptor: ActivityInterceptorsFactory = () => {
  let scope: Record<string, string> = {};
  return {
    inbound: {
      execute: (input, next) => {
        scope = callContext(input.args[0]);
        return next(input);
      },
    },
    outbound: { getLogAttributes: (input, next) => next({ ...input, ...scope }) },
  };
};

/** Returns the call context's fields of an activity's input; none for another input. */
export function callContext(input: unknown): Record<string, string> {
  if (typeof input !== 'object' || input === null) return {};
  const scope: Record<string, string> = {};
  for (const field of FIELDS) {
    const value = (input as Record<string, unknown>)[field];
    if (typeof value === 'string') scope[field] = value;
  }
  return scope;
}
