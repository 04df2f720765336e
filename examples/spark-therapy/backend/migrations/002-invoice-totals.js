// A longer change: in chunks, resumed where it was cut off, and computed by the server.
module.exports = {
  description: 'Invoices carry their total',

  up: (_db, _client, ctx) =>
    ctx.backfill({
      name: 'invoice-totals',
      collection: 'invoices',
      filter: { totalAmount: { $exists: false } },
      set: [
        {
          $set: {
            totalAmount: {
              $sum: {
                $map: {
                  input: '$items',
                  in: { $multiply: ['$$this.quantity', '$$this.unitAmount'] },
                },
              },
            },
          },
        },
      ],
    }),

  down: (_db, _client, ctx) =>
    ctx.backfill({
      name: 'invoice-totals-back',
      collection: 'invoices',
      filter: { totalAmount: { $exists: true } },
      set: [{ $unset: 'totalAmount' }],
    }),
};
