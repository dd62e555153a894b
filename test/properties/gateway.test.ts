import assert from 'node:assert/strict';
import fc from 'fast-check';
import { findClash, findPortProblems, type PortPlan } from '../../src/gateway/listener-ports.ts';
import { containerPort } from '../../src/model/task-listener.ts';
import { property } from '../support/properties/property.ts';

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

const errorsOf = (plan: PortPlan) => findPortProblems(plan).filter(({ severity }) => severity === 'error');

property(
  'ports: no problem told, so all container ports differ and can be bound',
  plans,
  (plan) => {
    if (errorsOf(plan).length > 0) return;
    const { start, end } = plan.portRange;
    const ports = [plan.seedPort, ...Array.from({ length: end - start + 1 }, (_, index) => start + index)];
    const bound = ports.map(containerPort);
    assert.equal(new Set(bound).size, ports.length);
    assert.ok([...ports, ...bound].every((one) => Number.isInteger(one) && one >= 1 && one <= 65_535));
  },
  { weight: 20 },
);

property(
  'ports: a part of a good range is good',
  fc.record({ plan: plans, from: fc.nat(300), to: fc.nat(300) }),
  ({ plan, from, to }) => {
    const { start, end } = plan.portRange;
    const part = { ...plan, portRange: { start: start + from, end: end - to } };
    if (errorsOf(plan).length > 0 || part.portRange.start >= part.portRange.end) return;
    assert.deepEqual(errorsOf(part), []);
  },
  { weight: 40 },
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
