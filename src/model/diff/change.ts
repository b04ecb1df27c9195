/** What a change of the document costs. */
export type ChangeClass = 'nothing' | 'config-restart' | 'node' | 'scale' | 'recreate-refused';

export interface Change {
  path: (string | number)[];
  from: unknown;
  to: unknown;
  class: ChangeClass;
  /** Effect of the change, or why it is impossible. */
  reason: string;
  /** For a refused change: the alternative. */
  wayAround: string;
}
