export const description = 'Orders, with an index on the customer';

export async function up(db) {
  const orders = db.collection('orders');
  await orders.createIndex({ customer: 1 });
  // As the old shop kept them: the total is a text, and one of them was never a number.
  const old = Array.from({ length: 2000 }, (_, n) => ({
    number: n + 1,
    customer: `customer-${n % 97}`,
    total: n === 1234 ? 'n/a' : `${(n % 50) + 5}.90`,
  }));
  await orders.insertMany(old);
}

export async function down(db) {
  await db.collection('orders').drop();
}
