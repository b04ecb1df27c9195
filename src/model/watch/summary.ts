/** What a region watch has seen and done since its activity began; it travels in heartbeats and in the result. */
export interface WatchSummary {
  /** When the activity began, ISO 8601. */
  since: string;
  /** Of the last round, ISO 8601. */
  at: string;
  /** Instances and clusters that the last round has seen. */
  instances: number;
  clusters: number;
  /** Servers whose K3s is unhealthy by their own word. */
  unhealthy: number;
  rounds: number;
  /** Calls to AWS for lists; the question to all servers, twice a minute, is not among them. */
  calls: number;
  /** Signals to clusters. */
  signals: number;
}

/** Temporal takes a heartbeat of this activity each 0.8 heartbeat time-outs at most, and bills each as an action. [docs: Temporal actions] */
const ACTIONS_AN_HOUR = Math.floor(3_600 / (0.8 * 24));

/**
 * The current details of a region watch, in Markdown: what it does, what it saw, and what it costs.
 *
 * @param place region and account, in words
 * @param summary of the activity that has ended last; null before the first one has
 */
export function watchDetails(place: string, summary: WatchSummary | null): string {
  return [
    `Observes **${place}** for its clusters: lists instances, security groups, status checks and SSM agents about every 15 s, and asks the K3s of all servers twice a minute by one command.`,
    '',
    summary === null ? 'Its first summary comes after an hour.' : summaryText(summary),
    '',
    `What it sees now is in the heartbeat of its activity (tab Pending Activities, \`saw\`). It costs at most ${ACTIONS_AN_HOUR} Temporal actions an hour and a signal for each change, however many clusters there are.`,
  ].join('\n');
}

const summaryText = ({ since, at, instances, clusters, unhealthy, rounds, calls, signals }: WatchSummary): string =>
  `At ${time(at)} it saw ${instances} instances of ${clusters} clusters, and ${unhealthy} servers with unhealthy K3s. Since ${time(since)}: ${rounds} rounds, ${calls} calls to AWS for lists, ${signals} signals to clusters.`;

const time = (iso: string): string => `${iso.slice(0, 19).replace('T', ' ')}Z`;
