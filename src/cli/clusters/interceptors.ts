import { type ConnectionOptions, defaultGrpcRetryOptions, makeGrpcRetryInterceptor } from '@temporalio/client';

type Interceptor = NonNullable<ConnectionOptions['interceptors']>[number];
type Call = ReturnType<Interceptor>;

/** The interceptor for retries repeats no call that ends so. [gRPC: status codes] */
const CANCELLED = 1;

const nothing = (): void => undefined;

/** A call that ends at once. */
const failedCall = (details: string) => ({
  start: (...[metadata, listener]: Parameters<Call['start']>): void =>
    queueMicrotask(() => {
      // Before the status, as in any call with one answer. [@grpc/grpc-js: BaseUnaryInterceptingCall]
      listener?.onReceiveMessage?.(null);
      listener?.onReceiveStatus?.({ code: CANCELLED, details, metadata });
    }),
  cancelWithStatus: nothing,
  getPeer: () => 'none',
  sendMessage: nothing,
  sendMessageWithContext: nothing,
  startRead: nothing,
  halfClose: nothing,
  getAuthContext: () => null,
});

/**
 * Makes a call of a closed connection fail like any other call.
 *
 * The client repeats a call by a timer, which outlives the connection. Its call throws `Channel has been shut down` then, where no one can catch
 * it, and the process ends. [@temporalio/client 1.24: grpc-retry.ts; met in `npm run demo`]
 */
const failWhenClosed: Interceptor = (options, nextCall) => {
  try {
    // `nextCall` has the interface as its type, an interceptor the class; what calls it uses the interface alone. [@grpc/grpc-js: Interceptor]
    return nextCall(options) as Call;
  } catch (error) {
    // The class has private members that no object of ours can have; grpc-js calls the methods of the interface alone, and these are all of them. [@grpc/grpc-js: InterceptingCallInterface]
    return failedCall(error instanceof Error ? error.message : String(error)) as unknown as Call;
  }
};

/** For every connection of a client: repeats calls as the library does by default, while the connection is open. */
export const INTERCEPTORS: Interceptor[] = [makeGrpcRetryInterceptor(defaultGrpcRetryOptions()), failWhenClosed];
