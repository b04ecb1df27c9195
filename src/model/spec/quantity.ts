/** A quantity of Kubernetes: `500m`, `10Mi`, `1e3`; not `MB` or `K`. [k8s source: apimachinery/pkg/api/resource] */
const QUANTITY = /^[+]?(\d+(\.\d*)?|\.\d+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?\d+)?$/;

export const isQuantity = (text: string): boolean => QUANTITY.test(text);

/** [Go: time.ParseDuration] */
const DURATION = /^[-+]?(0|((\d+(\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h))+)$/;

export const isGoDuration = (text: string): boolean => DURATION.test(text);

const UNIT_SECONDS: Readonly<Record<string, number>> = {
  ns: 1e-9,
  us: 1e-6,
  µs: 1e-6,
  μs: 1e-6,
  ms: 1e-3,
  s: 1,
  m: 60,
  h: 3_600,
};

/** Returns the seconds of a duration of Go, e.g. 90 for `1m30s`; null for another text. */
export function goSeconds(text: string): number | null {
  if (!isGoDuration(text)) return null;
  const parts = [...text.matchAll(/([\d.]+)(ns|us|µs|μs|ms|s|m|h)/g)];
  const sum = parts.reduce((total, [, number, unit = '']) => total + Number(number) * (UNIT_SECONDS[unit] ?? 0), 0);
  return text.startsWith('-') ? -sum : sum;
}

/** [Go: strconv.ParseBool] */
const BOOLEAN = /^(1|t|T|TRUE|true|True|0|f|F|FALSE|false|False)$/;

export const isGoBoolean = (text: string): boolean => BOOLEAN.test(text);
