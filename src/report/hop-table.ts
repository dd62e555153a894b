import { plain } from '../lib/text/plain.ts';
import { arrowOf, type Hop } from '../model/path.ts';

const time = ({ latencyMs }: Hop): string =>
  latencyMs === undefined ? '' : `${latencyMs.toFixed(latencyMs < 10 ? 1 : 0)} ms`;

/** The path, a line for each hop; the cause and the way out stand below the first broken one. */
export const renderHops = (hops: readonly Hop[]): string => {
  const width = Math.max(...hops.map((hop) => arrowOf(hop).length));
  const firstExplained = hops.find(({ ok, finding }) => !ok && finding);
  return hops
    .map((hop) => {
      const line = `${hop.ok ? '✔' : '✖'} ${hop.direction.padEnd(7)}  ${arrowOf(hop).padEnd(width)}  ${time(hop).padStart(8)}  ${plain(hop.evidence)}`;
      if (hop !== firstExplained || !hop.finding) return `${line.trimEnd()}\n`;
      return `${line.trimEnd()}\n    cause: ${plain(hop.finding.cause)}\n    to fix: ${plain(hop.finding.hint)}\n`;
    })
    .join('');
};
