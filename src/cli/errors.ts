import {
  isGrpcServiceError,
  QueryNotRegisteredError,
  WorkflowFailedError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { EnvironmentError } from '../config/environment.js';
import type { ErrorClass } from '../model/state.js';
import { CliError, EXIT, type ExitCode } from './exit.js';

/** gRPC status codes. [grpc.io: status codes] */
const GRPC = {
  cancelled: 1,
  invalidArgument: 3,
  deadlineExceeded: 4,
  notFound: 5,
  permissionDenied: 7,
  failedPrecondition: 9,
  unavailable: 14,
  unauthenticated: 16,
} as const;

const NO_WORKER = 'see that a worker runs on the task queue (npm run worker, or npm run local)';

/** Exit code of a refused request. */
const BY_REFUSAL: Record<string, ExitCode> = {
  Refused: EXIT.refused,
  InvalidSpec: EXIT.invalid,
  InvalidRequest: EXIT.invalid,
};

/** Returns an error as one clear end of the program. */
export function toCliError(error: unknown): CliError {
  if (error instanceof CliError) return error;
  if (error instanceof EnvironmentError) return new CliError(EXIT.invalid, error.message, '', { cause: error });
  if (error instanceof WorkflowNotFoundError) {
    return new CliError(EXIT.missing, 'there is no such cluster', '`keelson list` shows the clusters that exist', {
      cause: error,
    });
  }
  if (error instanceof WorkflowUpdateFailedError) return refusal(error.cause ?? error);
  // A query handler's exception arrives by this name, with its message. [measured]
  if (error instanceof QueryNotRegisteredError) return new CliError(EXIT.invalid, error.message, '', { cause: error });
  if (error instanceof WorkflowFailedError) return refusal(error.cause ?? error);
  if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError) return unanswered(error);
  if (error instanceof ApplicationFailure) return fromActivityStyle(error);
  if (isUnanswered(error)) return unanswered(error);
  const code = grpcCodeOf(error);
  if (code !== null) return fromGrpc(error, code);
  return new CliError(EXIT.failed, error instanceof Error ? error.message : String(error), '', { cause: error });
}

/** Returns whether no worker has answered in time, or Temporal knows that none runs. */
export function isUnanswered(error: unknown): boolean {
  if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError) return true;
  const code = grpcCodeOf(error);
  // The answer to a query past its deadline sometimes arrives as a cancellation. [measured: one of four]
  if (code === GRPC.deadlineExceeded || code === GRPC.cancelled) return true;
  return code === GRPC.failedPrecondition && /poller|worker/i.test(detailsOf(error));
}

/** Returns whether the error says that the other side is out of reach, which may pass. */
export function isUnreachable(error: unknown): boolean {
  return toCliError(error).exitCode === EXIT.unreachable;
}

function refusal(cause: Error): CliError {
  const exitCode = cause instanceof ApplicationFailure ? BY_REFUSAL[cause.type ?? ''] : undefined;
  const hint = cause instanceof ApplicationFailure && cause.type === 'Refused' ? cause.details?.[0] : undefined;
  return new CliError(
    exitCode ?? EXIT.failed,
    cause.message,
    typeof hint === 'string' && !cause.message.includes(hint) ? hint : '',
    { cause },
  );
}

/** Failures of the adapters carry a class and a hint. */
function fromActivityStyle(error: ApplicationFailure): CliError {
  const detail = error.details?.[0] as { class?: ErrorClass; message?: string; hint?: string } | undefined;
  const exitCode = detail?.class === 'invalid' || detail?.class === 'conflict' ? EXIT.invalid : EXIT.unreachable;
  return new CliError(exitCode, forShell(detail?.message ?? error.message), forShell(detail?.hint ?? ''), {
    cause: error,
  });
}

/** The adapters speak of the worker, which uses them too; here they ran with the person's own environment and credentials. */
const forShell = (text: string): string =>
  text
    .replaceAll('the policy of the worker', 'the policy of your credentials')
    .replaceAll("the worker's", "your shell's")
    .replaceAll('of the worker', 'in your shell')
    .replaceAll('see that the worker', 'check that your shell')
    .replaceAll('the worker may not', 'your credentials may not')
    .replaceAll('the worker', 'your shell');

function fromGrpc(error: unknown, code: number): CliError {
  const said = detailsOf(error);
  const options = { cause: error };
  switch (code) {
    case GRPC.unavailable:
      return new CliError(
        EXIT.unreachable,
        `Temporal is not reachable: ${said}`,
        'see that the server runs at TEMPORAL_ADDRESS',
        options,
      );
    case GRPC.permissionDenied:
    case GRPC.unauthenticated:
      return new CliError(
        EXIT.unreachable,
        `Temporal refuses: ${said}`,
        'check TEMPORAL_API_KEY, the certificates and the namespace',
        options,
      );
    case GRPC.notFound:
      return new CliError(EXIT.unreachable, `Temporal does not know it: ${said}`, 'check TEMPORAL_NAMESPACE', options);
    case GRPC.invalidArgument:
      if (/search attribute/i.test(said)) {
        const hint =
          'register K3sPhase, K3sRegion, K3sVersion, K3sHealth and K3sAccount: temporal operator search-attribute create --name K3sPhase --type Keyword ...';
        return new CliError(
          EXIT.unreachable,
          `this Temporal namespace lacks our search attributes: ${said}`,
          hint,
          options,
        );
      }
      return new CliError(EXIT.failed, said, '', options);
    default:
      return new CliError(EXIT.failed, said, '', options);
  }
}

const unanswered = (error: unknown): CliError =>
  new CliError(EXIT.unreachable, 'no worker has answered in time', NO_WORKER, { cause: error });

/** The SDK wraps gRPC's errors. */
function grpcCodeOf(error: unknown): number | null {
  for (let one = error; one instanceof Error; one = one.cause) if (isGrpcServiceError(one)) return one.code;
  return null;
}

function detailsOf(error: unknown): string {
  for (let one = error; one instanceof Error; one = one.cause) if (isGrpcServiceError(one)) return one.details;
  return error instanceof Error ? error.message : String(error);
}
