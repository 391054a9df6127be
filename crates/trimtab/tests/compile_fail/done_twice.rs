use trimtab::queue::Claim;

fn twice(claim: Claim<u32>) {
    claim.done();
    claim.done();
}

fn main() {}
