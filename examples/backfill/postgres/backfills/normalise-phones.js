import { defineBackfill } from 'godwit';

// Applied twice this would write +11555…. What the numbers were is kept: it can be undone.
export default defineBackfill({
  description: 'phone numbers as a telephone exchange reads them',
  table: 'patients',
  fields: ['phone'],
  transform: ({ phone }) => ({ phone: `+1${phone.replace(/\D/g, '')}` }),
  backup: 'touched',
});
