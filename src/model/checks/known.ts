/** What is known of one node in one respect. Only a measurement since the start of its instance and its K3s is good or bad. */
export type Known = { is: 'good' } | { is: 'bad' | 'unmeasured'; text: string };

export const GOOD: Known = { is: 'good' };
export const bad = (text: string): Known => ({ is: 'bad', text });
export const unmeasured = (text = 'not measured yet'): Known => ({ is: 'unmeasured', text });
