import * as z from 'zod';
import { text } from './field.js';

/** Capacity reservation of an instance. [docs: EC2 CapacityReservationSpecification] */
export const capacityReservation = z
  .strictObject({
    id: text(
      /^cr-[0-9a-f]{8,17}$/,
      'is not the id of a capacity reservation',
      'Launch into this reservation and nowhere else. It has one instance type and one zone.',
      'cr-0123456789abcdef0',
    ).optional(),
    resourceGroupArn: text(
      /^arn:aws[a-z-]*:resource-groups:[a-z0-9-]+:\d{12}:group\/[\w.-]{1,300}(\/[a-z0-9]{1,64})?$/,
      'is not the ARN of a resource group',
      'Launch into the reservations of this resource group and nowhere else.',
      'arn:aws:resource-groups:eu-west-1:123456789012:group/keelson',
    ).optional(),
    preference: z
      .enum(['open', 'none', 'capacity-reservations-only'])
      .optional()
      .describe(
        'open, the default of AWS: an open reservation that fits, else on demand; none: never a reservation; capacity-reservations-only: an open reservation that fits, or the launch fails.',
      ),
  })
  .describe('Which capacity reservation the instances are launched into: one of id, resourceGroupArn and preference.');
