/** CloudWatch reads the metrics from such a line of a log. [docs: CloudWatch, embedded metric format] */
export interface Emf {
  put(name: string, value: number, dimensions: Record<string, string>): void;
}

const NAMESPACE = 'Keelson';

/** @param write takes a line, as standard output does */
export function createEmf(write: (line: string) => void, now: () => number = Date.now): Emf {
  return {
    put(name, value, dimensions) {
      const aws = {
        Timestamp: now(),
        CloudWatchMetrics: [
          { Namespace: NAMESPACE, Dimensions: [Object.keys(dimensions)], Metrics: [{ Name: name, Unit: 'Count' }] },
        ],
      };
      write(`${JSON.stringify({ _aws: aws, ...dimensions, [name]: value })}\n`);
    },
  };
}
