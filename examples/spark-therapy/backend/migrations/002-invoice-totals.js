// A longer change: in chunks, resumed where it was cut off, and computed by the server.
const invoices = async (db, ctx, spec) => {
  // A new database has none yet.
  if (!(await db.listCollections({ name: 'invoices' }).hasNext())) return;
  await ctx.backfill({ collection: 'invoices', ...spec });
};

module.exports = {
  description: 'Invoices carry their total',

  up: (db, _client, ctx) =>
    invoices(db, ctx, {
      name: 'invoice-totals',
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

  down: (db, _client, ctx) =>
    invoices(db, ctx, {
      name: 'invoice-totals-back',
      filter: { totalAmount: { $exists: true } },
      set: [{ $unset: 'totalAmount' }],
    }),
};
