//! Kernels in events per second: `make bench`.

fn main() {
    divan::main();
}
