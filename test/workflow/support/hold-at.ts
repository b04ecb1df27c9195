import type { FakeActivities } from '../fake-activities.js';

export interface Gate {
  /** Resolves when an activity stands at the gate. */
  reached: Promise<void>;
  open: () => void;
}

/**
 * Makes activities stand at a gate until a test opens it.
 *
 * @param fails what the activities throw that have stood there
 */
export function holdAt(
  fake: FakeActivities,
  held: (name: string, input: { script?: string; slot?: string }) => boolean,
  fails?: Error,
): Gate {
  const gate = { reached: Promise.resolve(), open: (): void => undefined };
  let arrive: () => void = () => undefined;
  gate.reached = new Promise((resolve) => {
    arrive = resolve;
  });
  const opened = new Promise<void>((resolve) => {
    gate.open = resolve;
  });
  fake.before = async (name, input) => {
    if (!held(name, input)) return;
    arrive();
    await opened;
    if (fails !== undefined) throw fails;
  };
  return gate;
}
