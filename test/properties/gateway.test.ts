import assert from 'node:assert/strict';
import fc from 'fast-check';
import { findClash, findPortProblems, type PortPlan } from '../../src/gateway/listener-ports.ts';
import { containerPort } from '../../src/model/task-listener.ts';
import { property } from '../support/properties/property.ts';
import { refused } from '../support/properties/shares.ts';

const port = fc.oneof(
  fc.nat(70_000),
  fc.constantFrom(0, 1, 1024, 1025, 19_999, 20_000, 24_767, 24_768, 57_535, 57_536, 59_581, 59_582, 65_535, 65_536),
);
const plans: fc.Arbitrary<PortPlan> = fc.record({
  portRange: fc.oneof(
    fc.tuple(port, fc.nat(300)).map(([start, size]) => ({ start, end: start + size })),
    fc.record({ start: port, end: port }),
  ),
  seedPort: port,
  listenerLimit: fc.integer({ min: 1, max: 1_000 }),
});

/** Near and in the two ranges that the rules leave: below the node ports, and above what Envoy binds. */
const nearGood: fc.Arbitrary<PortPlan> = fc
  .record({
    start: fc.oneof(fc.integer({ min: 1_000, max: 24_700 }), fc.integer({ min: 59_500, max: 65_400 })),
    size: fc.integer({ min: 1, max: 150 }),
    apart: fc.constantFrom(-1, 1, 1, 2, 300),
    spare: fc.integer({ min: 0, max: 9 }),
  })
  .map(({ start, size, apart, spare }) => ({
    portRange: { start, end: start + size },
    seedPort: apart < 0 ? start + apart : start + size + apart,
    listenerLimit: size + 1 + spare,
  }));
const somePlans = fc.oneof({ weight: 3, arbitrary: nearGood }, plans);

const soundPlan: PortPlan = { portRange: { start: 20_000, end: 20_199 }, seedPort: 19_999, listenerLimit: 201 };

const errorsOf = (plan: PortPlan) => findPortProblems(plan).filter(({ severity }) => severity === 'error');

property(
  'ports: no problem told, so all container ports differ and can be bound',
  somePlans,
  (plan) => {
    if (errorsOf(plan).length > 0) return refused;
    const { start, end } = plan.portRange;
    const ports = [plan.seedPort, ...Array.from({ length: end - start + 1 }, (_, index) => start + index)];
    const bound = ports.map(containerPort);
    assert.equal(new Set(bound).size, ports.length);
    assert.ok([...ports, ...bound].every((one) => Number.isInteger(one) && one >= 1 && one <= 65_535));
    return undefined;
  },
  { weight: 20, accepts: 0.3, good: [soundPlan] },
);

property(
  'ports: a part of a good range is good',
  fc.record({ plan: somePlans, from: fc.nat(300), to: fc.nat(300) }),
  ({ plan, from, to }) => {
    const { start, end } = plan.portRange;
    if (errorsOf(plan).length > 0) return refused;
    const first = start + (from % (end - start));
    const part = { ...plan, portRange: { start: first, end: end - (to % (end - first)) } };
    return assert.deepEqual(errorsOf(part), []);
  },
  { weight: 40, accepts: 0.2, good: [{ plan: soundPlan, from: 20, to: 30 }] },
);

property('ports: two that clash', fc.array(port, { maxLength: 40 }), (ports) => {
  const clash = findClash(ports);
  const distinct = [...new Set(ports)];
  const isClean = new Set(distinct.map(containerPort)).size === distinct.length;
  assert.equal(clash === undefined, isClean);
  if (!clash) return;
  assert.ok(clash[0] < clash[1]);
  assert.equal(containerPort(clash[0]), containerPort(clash[1]));
});
