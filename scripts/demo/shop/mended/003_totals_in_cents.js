export const description = 'Totals become whole cents';

// All or nothing: in a transaction, whose session godwit adds by itself.
export const transaction = true;

export async function up(db) {
  const orders = db.collection('orders');
  await orders.updateMany({ number: { $lte: 1000 } }, [{ $set: { total: cents('$total') } }]);
  await orders.updateMany({ number: { $gt: 1000 } }, [{ $set: { total: cents('$total') } }]);
}

export async function down(db) {
  const text = { $toString: { $divide: ['$total', 100] } };
  await db.collection('orders').updateMany({}, [{ $set: { total: text } }]);
}

function cents(total) {
  // What is no number becomes null, for somebody to look at.
  const number = { $convert: { input: total, to: 'double', onError: null, onNull: null } };
  return { $toInt: { $round: { $multiply: [number, 100] } } };
}
