const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export interface StopSignal {
  /** Aborts at the first stop signal. */
  signal: AbortSignal;
  received: Promise<NodeJS.Signals>;
}

/** Listens for stop signals. A second one ends the process at once; the guard cleans up. */
export function listenForStop(): StopSignal {
  const controller = new AbortController();
  const received = new Promise<NodeJS.Signals>((resolve) => {
    for (const name of SIGNALS) {
      process.on(name, () => {
        if (controller.signal.aborted) process.exit(130);
        controller.abort();
        resolve(name);
      });
    }
  });
  return { signal: controller.signal, received };
}
