import { keepForwards } from '../../../../src/forward/forward.ts';
import type { ForwardSpec } from '../../../../src/instance/tunnels.ts';

/** Keeps forwards in a process of its own, as the tunnel daemon does; its status goes to stdout, a line each. */
const spec = JSON.parse(process.argv[2] ?? '') as ForwardSpec;
const stop = new AbortController();
process.stdin.on('end', () => stop.abort()).resume();
await keepForwards(spec, {
  signal: stop.signal,
  onState: (status) => process.stdout.write(`${JSON.stringify(status)}\n`),
});
